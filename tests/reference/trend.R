# Trend over three rounds by generalised least squares: Rscript tests/reference/trend.R
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("contrast.R") # what estimates are, and how they are compared
rows_like("change.R") # rounds as one design

columns <- c(
  "indicator", "option", "statistic", "by", "estimate", "se", "low", "high", "df", "null", "t", "p", "p_adjusted",
  "adjust", "tests", "n", "rounds", "fit", "fit_df1", "fit_df2", "fit_p"
)
rounds <- c("r1", "r2", "r3")
for (round in rounds) {
  round_as(round, round, "w", "stratum", "grid")
  round_as(paste0(round, "_fpc"), round, "w", "stratum", "grid", "n_grids")
  round_as(paste0(round, "_persons"), round, "w", "stratum")
}

# All three rounds on one design, as change.R puts two on it.
stacked_all <- function(overlap, one) {
  rows <- respondents
  rows$.stratum <- if (overlap == "none") paste(rows$round, rows$stratum) else rows$stratum
  rows$.unit <- if (!is.null(one$cluster)) rows[[one$cluster]] else
    if (overlap == "panel") rows$person else seq_len(nrow(rows))
  fpc <- if (!is.null(one$fpc)) reformulate(one$fpc)
  svydesign(ids = ~.unit, strata = ~.stratum, fpc = fpc, weights = ~w, data = rows, nest = TRUE)
}

trend <- function(sample, what, by = NULL, times = NULL, statistic = NULL, overlap = NULL, adjust = NULL,
                  level = NULL) {
  overlapping <- or(overlap, "cluster")
  design <- stacked_all(overlapping, reference$designs[[paste0("r1", sample)]])
  estimates <- in_rounds(design, or(statistic, "share"), what, by, rounds)
  when <- or(unlist(times), 0:2)
  rows <- do.call(rbind, lapply(seq_along(estimates[[1]]), function(i) {
    fitted(design, lapply(estimates, `[[`, i), when, or(level, 0.95))
  }))
  rows$statistic <- paste0(or(statistic, "share"), "_trend")
  rows$adjust <- or(adjust, "holm")
  rows$tests <- sum(!is.na(rows$p))
  rows$p_adjusted <- p.adjust(rows$p, c(none = "none", holm = "holm", `benjamini-hochberg` = "BH")[[rows$adjust[1]]])
  given <- list(by = if (length(by) > 1) as.list(by) else by, times = times, statistic = statistic, overlap = overlap,
                key = if (overlapping == "panel") "person", adjust = adjust, level = level)
  samples <- sprintf("[%s]", paste0(rounds, sample, collapse = ", "))
  asked <- if (length(what) > 1) as.list(what) else what
  add_case(python_call("trend", samples, given, quoted = list(asked)), rows[columns])
}

# Ratios of totals of every round, their covariance from svycontrast, and the line that fits them best. With an answer
# that is nobody's, or everybody's, a round has no sampling error, and V has no inverse.
fitted <- function(design, estimates, when, level) {
  there <- vapply(estimates, function(one) any(one$used), NA)
  used <- Reduce(`|`, lapply(estimates, `[[`, "used"))
  value <- vapply(estimates, value_of, 0, design = design)
  df <- degf(design[used, ])
  row <- list(indicator = estimates[[1]]$indicator, option = estimates[[1]]$option, by = estimates[[1]]$by, df = df,
              null = 0, n = sum(used), rounds = sum(there))
  spread <- if (all(there)) vapply(estimates, function(one) {
    as.vector(SE(svytotal(influence_of(one, design), design)))
  }, 0)
  if (!all(there) || any(spread < 1e-12 * max(1, abs(value)))) {
    nothing <- c("estimate", "se", "low", "high", "t", "p", "fit", "fit_df1", "fit_df2", "fit_p")
    return(as.data.frame(c(row, as.list(setNames(rep(NA_real_, length(nothing)), nothing)))))
  }
  totals <- svytotal(do.call(cbind, unlist(lapply(estimates, `[`, c("above", "below")), recursive = FALSE)), design)
  names(totals) <- sprintf("%s%d", c("a", "b"), rep(1:3, each = 2))
  ratios <- svycontrast(totals, list(r1 = quote(a1 / b1), r2 = quote(a2 / b2), r3 = quote(a3 / b3)))
  agree(coef(ratios), value, 1e-10 * max(1, abs(value)))
  inverse <- solve(vcov(ratios))
  x <- cbind(1, when)
  spread <- solve(t(x) %*% inverse %*% x)
  line <- spread %*% t(x) %*% inverse %*% value
  left <- value - x %*% line
  q <- length(when) - 2
  row$estimate <- line[2]
  row$se <- sqrt(spread[2, 2])
  row <- c(row, symmetric(row$estimate, row$se, level, df))
  row$t <- row$estimate / row$se
  row$p <- 2 * pt(-abs(row$t), df)
  row$fit <- as.vector(t(left) %*% inverse %*% left) * (df - q + 1) / (df * q)
  row$fit_df1 <- q
  row$fit_df2 <- df - q + 1
  row$fit_p <- pf(row$fit, row$fit_df1, row$fit_df2, lower.tail = FALSE)
  as.data.frame(row)
}

# --- cases ----------------------------------------------------------------------------------------------------

uneven <- list(`1` = 2025, `2` = 2025.5, `3` = 2026.75)
for (overlap in c("cluster", "none")) {
  trend("", c("phone", "clinic", "water"), overlap = overlap)
  trend("", "documents", "area", times = uneven, overlap = overlap) # none in the villages of two rounds
  trend("", "barrier", overlap = overlap, adjust = "benjamini-hochberg")
  trend("_fpc", "income", "hukou", times = uneven, statistic = "mean", overlap = overlap, level = 0.9)
}
trend("", "phone", c("area", "hukou"))
trend("", "spend", "age", statistic = "mean", adjust = "none")
trend("_persons", c("phone", "water"), times = uneven, overlap = "panel")
trend("_persons", "income", "age", statistic = "mean", overlap = "panel", level = 0.9)
trend("", "children", "hukou", statistic = "mean", overlap = "panel")
write_reference("trend.json")
