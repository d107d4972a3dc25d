# Shares and their intervals: Rscript tests/reference/share.R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

rows_of_share <- function(design, member, question, asked) {
  base <- base_of(design, member, question)
  answers <- base$variables[[question]]
  options <- if (is.character(answers)) sort(unique(na.omit(design$variables[[question]])), method = "radix") else 1
  lapply(options, function(option) {
    row <- share_row(base, answers == option, asked)
    if (is.character(answers)) row$option <- option
    row
  })
}

share_row <- function(base, chosen, asked) {
  chosen <- as.numeric(chosen)
  all_or_none <- length(unique(chosen[weights(base) > 0])) == 1
  row <- common(base)
  row$statistic <- "share"
  row$n_need <- sum(chosen)
  if (all_or_none) {
    row$estimate <- chosen[weights(base) > 0][1]
    row$se <- 0
  } else {
    mean <- svymean(chosen, base, deff = "replace")
    row$estimate <- as.vector(coef(mean))
    row$se <- as.vector(SE(mean))
    row$deff <- as.vector(deff(mean))
    row$n_eff <- effective(row)
  }
  interval <- get(paste0("interval_", gsub("-", "_", asked$method)))
  c(row, interval(base, chosen, row, asked$level))
}

interval_wald <- function(base, chosen, row, level) symmetric(row$estimate, row$se, level, row$df)

# R's method "xlogit" is its "logit" in closed form; "logit" fits a model and stops at that fit's tolerance
# (and warns of zero weights).
interval_logit <- function(base, chosen, row, level) {
  if (row$df == 0 || row$se == 0) return(list(low = NA_real_, high = NA_real_))
  base <- update(base, chosen = chosen)
  closed <- attr(svyciprop(~chosen, base, method = "xlogit", level = level, df = row$df), "ci")
  fitted <- attr(suppressWarnings(svyciprop(~chosen, base, method = "logit", level = level, df = row$df)), "ci")
  reach <- critical(level, row$df) * row$se / (row$estimate * (1 - row$estimate))
  formula <- plogis(qlogis(row$estimate) + c(-1, 1) * reach)
  agree(closed, formula, 1e-12)
  agree(closed, fitted, 1e-6)
  counted$gap <- max(counted$gap, abs(closed / fitted - 1))
  list(low = closed[[1]], high = closed[[2]])
}

# Clopper-Pearson at the effective sample size, never above n, corrected for the design's degrees of freedom.
interval_korn_graubard <- function(base, chosen, row, level) {
  if (row$df == 0 || row$n == 1) return(list(low = NA_real_, high = NA_real_))
  tail <- (1 - level) / 2
  n_star <- effective(row) * (qt(tail, row$n - 1) / qt(tail, row$df))^2
  yes <- n_star * row$estimate
  no <- n_star - yes
  low <- if (row$estimate == 0) 0 else qbeta(tail, yes, no + 1)
  high <- if (row$estimate == 1) 1 else qbeta(1 - tail, yes + 1, no)
  if (row$se > 0 && row$n_eff < row$n) {
    base <- update(base, chosen = chosen)
    agree(attr(svyciprop(~chosen, base, method = "beta", level = level), "ci"), c(low, high), 1e-12)
    counted$beta <- counted$beta + 1
  }
  list(low = low, high = high)
}

# Wilson's score interval with t for z and the effective sample size for n.
interval_wilson <- function(base, chosen, row, level) {
  t2 <- critical(level, row$df)^2
  n <- effective(row)
  p <- row$estimate
  middle <- (p + t2 / (2 * n)) / (1 + t2 / n)
  reach <- sqrt(t2 * (p * (1 - p) / n + t2 / (4 * n^2))) / (1 + t2 / n)
  list(low = if (p == 0) 0 * t2 else middle - reach, high = if (p == 1) 1 + 0 * t2 else middle + reach)
}

# Wilson's interval with Satterthwaite's degrees of freedom (Valliant and Rust 2010): what each first-stage unit adds to
# the variance, units without members included, has more than a normal's kurtosis where few of them hold the need.
# The design effect is averaged with that of an intraclass correlation of 0.05: the one counts as many clusters as hold
# the need (or, of a common need, as hold somebody without), the other five.
interval_wilson_adjusted <- function(base, chosen, row, level) {
  if (row$df == 0) return(list(low = NA_real_, high = NA_real_))
  weight <- weights(base)
  influence <- weight * (chosen - row$estimate) / sum(weight)
  stratum <- if (is.null(base$strata)) rep(1, length(weight)) else as.character(base$strata[[1]])
  unit <- as.character(base$cluster[[1]])
  added <- lapply(split(seq_along(weight), stratum), function(rows) {
    n <- base$fpc$sampsize[rows[1], 1]
    f <- if (is.null(base$fpc$popsize)) 0 else n / base$fpc$popsize[rows[1], 1]
    totals <- tapply(influence[rows], unit[rows], sum)
    totals <- c(totals, rep(0, n - length(totals)))
    if (n == 1) numeric(1) else (1 - f) * n / (n - 1) * (totals - mean(totals))^2
  })
  added <- unlist(added)
  if (sum(added) > 0) stopifnot(abs(sum(added) / row$se^2 - 1) < 1e-9)
  excess <- if (sum(added) > 0) max(sum(added^2) / sum(added)^2 - 3 / length(added), 0) else 0
  held <- length(unique(paste(stratum, unit)))
  excess <- excess * min(row$n / held - 1, 1) # a yes or no of one respondent each: Wilson's own variance says it all
  holding <- function(answer) length(unique(paste(stratum, unit)[chosen == answer & weight > 0]))
  telling <- min(holding(1), holding(0))
  deff <- if (row$se > 0) row$n * row$se^2 / (row$estimate * (1 - row$estimate)) else 0
  assumed <- 1 + (row$n / held - 1) * 0.05
  row$n <- row$n / max(1, (telling * deff + 5 * assumed) / (telling + 5))
  row$df <- 1 / (1 / row$df + excess / 2)
  interval_wilson(base, chosen, row, level)
}

effective <- function(row) if (row$se > 0) min(row$n, row$estimate * (1 - row$estimate) / row$se^2) else row$n

counted <- new.env()
counted$beta <- 0
counted$gap <- 0
agree <- function(a, b, tolerance) stopifnot(max(abs(as.vector(a) - as.vector(b))) <= tolerance)

# --- cases ----------------------------------------------------------------------------------------------------

methods <- c("wilson-adjusted", "wilson", "logit", "korn-graubard", "wald")
for (method in methods) {
  estimate("share", "clustered", "phone", method = method)
  estimate("share", "clustered", "phone", by = "area", method = method)
  estimate("share", "clustered_fpc", "phone", by = "hukou", method = method)
  estimate("share", "clustered", "phone", by = c("area", "hukou"), method = method, level = 0.9)
  estimate("share", "clustered", "out_of_school", by = "area", method = method)
  estimate("share", "clustered", "ledger", by = "area", method = method)
  estimate("share", "clustered_fpc", "flooded", by = "area", method = method)
  estimate("share", "clustered", "phone", by = "stayed", method = method)
  estimate("share", "clustered", "barrier", method = method)
  estimate("share", "clustered", "barrier", by = "area", method = method, level = 0.9)
  estimate("share", "elements", "phone", by = "area", method = method)
  estimate("share", "srs_fpc", "visited", method = method)
}
for (method in c("wilson-adjusted", "wilson", "korn-graubard")) {
  estimate("share", "clustered", "visited", by = "stratum", method = method)
  estimate("share", "unstratified", "visited", by = "hukou", method = method)
  estimate("share", "unstratified_fpc", "barrier", method = method)
  estimate("share", "elements_fpc", "out_of_school", by = "hukou", method = method)
  estimate("share", "srs", "barrier", by = "area", method = method)
  estimate("share", "certainty", "phone", by = "area", method = method)
}
message(sprintf("%d Korn-Graubard intervals checked against svyciprop(method = \"beta\")", counted$beta))
message(sprintf("largest relative gap of logit intervals to svyciprop(method = \"logit\"): %.1e", counted$gap))
write_reference("share.json")
