# Change within groups and change in their mix (Kitagawa): Rscript tests/reference/composition.R
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("contrast.R") # what estimates are, and how they are compared
rows_like("change.R") # two rounds as one design

key <- c("indicator", "option", "statistic", "by")
columns <- c(
  "indicator", "option", "statistic", "by", "estimate", "se", "low", "high", "df", "null", "t", "p", "p_adjusted",
  "adjust", "tests", "n", "over", "overlap", "n_before", "n_after"
)

for (round in c("r1", "r2", "r3")) {
  round_as(round, round, "w", "stratum", "grid")
  round_as(paste0(round, "_fpc"), round, "w", "stratum", "grid", "n_grids")
  round_as(paste0(round, "_persons"), round, "w", "stratum")
}

composition_change <- function(before, after, what, over, by = NULL, statistic = NULL, overlap = NULL, adjust = NULL,
                               level = NULL) {
  first <- reference$designs[[before]]
  second <- reference$designs[[after]]
  overlapping <- or(overlap, "cluster")
  design <- stacked(first, second, overlapping)
  for (column in what) design$variables[[column]][!complete.cases(design$variables[over])] <- NA
  estimates <- in_rounds(design, or(statistic, "share"), what, by, c(first$round, second$round))
  rows <- do.call(rbind, Map(function(one, two) {
    split_change(design, list(one, two), over, overlapping, or(statistic, "share"), or(level, 0.95))
  }, estimates[[1]], estimates[[2]]))
  rows$adjust <- or(adjust, "holm")
  rows$tests <- sum(!is.na(rows$p))
  rows$p_adjusted <- p.adjust(rows$p, c(none = "none", holm = "holm", `benjamini-hochberg` = "BH")[[rows$adjust[1]]])
  given <- list(by = if (length(by) > 1) as.list(by) else by, statistic = statistic, overlap = overlap,
                key = if (overlapping == "panel") "person", adjust = adjust, level = level)
  asked <- list(if (length(what) > 1) as.list(what) else what, if (length(over) > 1) as.list(over) else over)
  add_case(python_call("composition_change", paste(before, after, sep = ", "), given, quoted = asked), rows[columns])
}

# The change and its two parts as expressions of the totals of answers (a) and people (b) of every group in each round,
# which the survey package differentiates.
split_change <- function(design, pair, over, overlap, statistic, level) {
  levels <- domains(design$variables, over)
  inside <- lapply(levels, function(one) as.numeric(one$member))
  parts <- lapply(pair, function(one) {
    lapply(inside, function(group) list(a = one$above * group, b = one$below * group))
  })
  people <- sapply(parts, function(round) vapply(round, function(one) sum(one$b * weights(design)), 0))
  there <- rowSums(people) > 0
  used <- pair[[1]]$used | pair[[2]]$used
  both <- any(pair[[1]]$used) && any(pair[[2]]$used)
  split <- both && all(people[there, ] > 0)
  totals <- list()
  for (round in 1:2) for (k in which(there)) for (column in c("a", "b")) {
    totals[[sprintf("%s%d_%d", column, round, k)]] <- parts[[round]][[k]][[column]]
  }
  found <- svytotal(do.call(cbind, totals), design)
  names(found) <- names(totals)
  all_of <- function(column, round) {
    sprintf("(%s)", paste(sprintf("%s%d_%d", column, round, which(there)), collapse = " + "))
  }
  share <- function(round, k) sprintf("b%d_%d / %s", round, k, all_of("b", round))
  rate <- function(round, k) sprintf("a%1$d_%2$d / b%1$d_%2$d", round, k)
  sum_of <- function(term) str2lang(paste(vapply(which(there), term, ""), collapse = " + "))
  expressions <- list(
    str2lang(sprintf("%s / %s - %s / %s", all_of("a", 2), all_of("b", 2), all_of("a", 1), all_of("b", 1))),
    sum_of(function(k) sprintf("(%s - %s) * (%s + %s) / 2", rate(2, k), rate(1, k), share(1, k), share(2, k))),
    sum_of(function(k) sprintf("(%s - %s) * (%s + %s) / 2", share(2, k), share(1, k), rate(1, k), rate(2, k)))
  )
  df <- degf(design[used, ])
  rows <- do.call(rbind, lapply(1:3, function(part) {
    known <- if (part == 1) both else split
    theirs <- if (known) svycontrast(found, list(x = expressions[[part]]))
    estimate <- if (known) as.vector(coef(theirs)) else NA_real_
    se <- if (known) rounded(as.vector(SE(theirs)), vapply(pair, value_of, 0, design = design)) else NA_real_
    row <- c(list(estimate = estimate, se = se, df = df, null = 0), symmetric(estimate, se, level, df))
    row$t <- if (!is.na(se) && se > 0 && df > 0) estimate / se else NA_real_
    row$p <- 2 * pt(-abs(row$t), df)
    row$statistic <- paste0(statistic, c("_change", "_change_within", "_change_mix")[part])
    as.data.frame(row)
  }))
  if (split) agree(rows$estimate[2] + rows$estimate[3], rows$estimate[1], 1e-12 * max(1, abs(people)))
  rows <- cbind(rows, pair[[1]][c("indicator", "option", "by")], n = sum(used), over = paste(over, collapse = ";"))
  cbind(rows, overlap = overlap_of(design, pair[[1]], pair[[2]], overlap), n_before = sum(pair[[1]]$used),
        n_after = sum(pair[[2]]$used))
}

# --- cases ----------------------------------------------------------------------------------------------------

for (overlap in c("cluster", "none")) {
  composition_change("r1", "r2", "phone", "hukou", overlap = overlap)
  composition_change("r1", "r2", c("documents", "water"), "age", overlap = overlap)
  composition_change("r2", "r3", "phone", "age", "hukou", overlap = overlap, adjust = "benjamini-hochberg")
  composition_change("r1_fpc", "r2_fpc", "income", c("age", "hukou"), statistic = "mean", overlap = overlap,
                     level = 0.9)
}
composition_change("r1", "r2", "phone", "area") # one area is of the second round only
composition_change("r2", "r3", "income", "area", statistic = "mean")
composition_change("r1", "r2", "barrier", "hukou")
composition_change("r1", "r2", "water", "hukou", "area")
composition_change("r1", "r2", "documents", "age", overlap = "panel", adjust = "none")
composition_change("r1_persons", "r2_persons", "phone", "hukou", "age", overlap = "panel")
composition_change("r1_persons", "r2_persons", "spend", "age", statistic = "mean", overlap = "panel")
write_reference("composition.json")
