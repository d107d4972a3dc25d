# Quantiles by every rule, with Woodruff's interval: Rscript tests/reference/quantile_rules.R
#
# Answers x ascending (of equal answers the lighter first), W their weights' sum, C[k] the sum of the first k, and w[n]
# the last one's weight. The quantile at p is
#   math    the first x[k] with C[k]/W >= p
#   school  the same, and where C[k]/W = p the middle of x[k] and x[k + 1]
#   hf4     interpolated linearly between points (P[k], x[k]) with P[k] = C[k]/W
#   hf5     P[k] = (C[k-1] + C[k]) / 2W
#   hf6     P[k] = C[k] / (W + w[n])
#   hf7     P[k] = C[k-1] / C[n-1]
#   hf8     P[k] = (C[k-1] + 2 C[k]) / 3 / (W + w[n]/3)
#   hf9     P[k] = (3 C[k-1] + 5 C[k]) / 8 / (W + w[n]/4)
# and the smallest or largest answer beyond the points. With equal weights they are Hyndman and Fan's 1, 2, 4 … 9.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

rules <- c("math", "school", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")

quantile_by <- function(rule, sample, question, by = NULL, probs = NULL, level = NULL) {
  design <- reference$designs[[sample]]
  rows <- do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    base <- lighter_first(base_of(design, domain$member, question))
    do.call(rbind, lapply(if (is.null(probs)) c(0.25, 0.5, 0.75) else probs, function(prob) {
      row <- quantile_row(rule, base, question, prob, if (is.null(level)) 0.95 else level)
      as.data.frame(c(row, by = domain$by))[columns]
    }))
  }))
  given <- list(by = if (length(by) > 1) as.list(by) else by, rule = rule,
                probs = if (!is.null(probs)) as.list(probs), level = level)
  add_case(python_call("quantile", sample, given, quoted = question), rows)
}

# The survey package takes equal answers in the order of the rows, so that the last digits of an interpolated quantile
# depend on how a file is sorted. Sorted by weight, they depend on the answers and weights alone.
lighter_first <- function(base) base[order(weights(base)), ]

quantile_row <- function(rule, base, question, prob, level) {
  x <- base$variables[[question]]
  w <- weights(base)
  row <- common(base)
  row$statistic <- paste0("p", 100 * prob)
  row$estimate <- quantile_at(rule, x, w, prob)
  below <- svymean(as.numeric(x <= row$estimate), base)
  limits <- symmetric(as.vector(coef(below)), as.vector(SE(below)), level, row$df)
  row$low <- if (is.na(limits$low) || limits$low < 0) NA_real_ else quantile_at(rule, x, w, limits$low)
  row$high <- if (is.na(limits$high) || limits$high > 1) NA_real_ else quantile_at(rule, x, w, limits$high)
  row$se <- (row$high - row$low) / (2 * critical(level, row$df))
  check_against_survey(rule, base, question, prob, level, row, limits)
  row
}

quantile_at <- function(rule, x, w, p) {
  ordered <- order(x, w)
  x <- x[ordered]
  after <- cumsum(w[ordered])
  n <- length(x)
  if (rule %in% c("math", "school")) return(step_at(rule, x, after / after[n], p))
  before <- c(0, after[-n])
  last <- after[n] - before[n]
  points <- switch(
    rule, hf4 = after / after[n], hf5 = (before + after) / 2 / after[n], hf6 = after / (after[n] + last),
    hf7 = before / before[n], hf8 = (before + 2 * after) / 3 / (after[n] + last / 3),
    hf9 = (3 * before + 5 * after) / 8 / (after[n] + last / 4)
  )
  approx(points, x, p, rule = 2)$y
}

step_at <- function(rule, x, share, p) {
  k <- which(share >= p - 1e-12)[1]
  if (rule == "school" && k < length(x) && abs(share[k] - p) <= 1e-12) (x[k] + x[k + 1]) / 2 else x[k]
}

# For a share below the smallest answer's own, survey 4.1-1 returns the second smallest answer by "math" and "school",
# and by "hf4" goes on below the smallest; newer versions may not. Everywhere else it must say what is said above.
check_against_survey <- function(rule, base, question, prob, level, row, limits) {
  first <- if (rule %in% c("math", "school", "hf4")) smallest_share(base, question) else 0
  ask <- function(...) as.vector(svyquantile(reformulate(question), base, prob, qrule = rule, ...)[[1]])
  ours <- c(row$estimate, row$low, row$high, row$se)
  theirs <- if (row$df == 0) c(ask(ci = FALSE), NA, NA, NA) else
    ask(alpha = 1 - level, interval.type = "mean", ci = TRUE, df = row$df)
  wrong <- c(prob, limits$low, limits$high, NA) < first
  wrong[4] <- any(wrong[2:3], na.rm = TRUE)
  wrong <- wrong %in% TRUE | prob < first # every bound is read at the quantile
  counted$wrong <- counted$wrong + sum(wrong)
  counted$checked <- counted$checked + sum(!wrong & !is.na(ours))
  stopifnot(identical(is.na(ours)[!wrong], is.na(theirs)[!wrong]))
  stopifnot(all(wrong | is.na(ours) | abs(ours - theirs) <= 1e-9 * pmax(1, abs(ours))))
}

smallest_share <- function(base, question) {
  x <- base$variables[[question]]
  weights(base)[order(x, weights(base))][1] / sum(weights(base))
}

counted <- new.env()
counted$checked <- counted$wrong <- 0

# --- cases ----------------------------------------------------------------------------------------------------

for (rule in rules) {
  for (sample in c("clustered", "clustered_fpc", "elements", "srs_fpc")) quantile_by(rule, sample, "income", "area")
  quantile_by(rule, "clustered", "children", "area") # many equal answers
  quantile_by(rule, "clustered", "hours", "stayed", probs = c(0.05, 0.95), level = 0.9)
  quantile_by(rule, "unstratified", "spend", c("area", "hukou"), probs = 0.5)
  quantile_by(rule, "srs", "food") # half of the weight exactly at an answer
  quantile_by(rule, "elements_fpc", "income", "stayed", probs = c(0.01, 0.1, 0.99))
}
message(sprintf("%d figures checked against svyquantile, %d below the smallest answer's share", counted$checked,
                counted$wrong))
write_reference("quantile_rules.json")
