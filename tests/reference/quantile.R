# Quantiles and their intervals: Rscript tests/reference/quantile.R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

rows_of_quantile <- function(design, member, question, asked) {
  base <- base_of(design, member, question)
  probs <- if (is.null(asked$probs)) c(0.25, 0.5, 0.75) else asked$probs
  lapply(probs, function(prob) quantile_row(base, question, prob, asked$level))
}

# Woodruff's interval: the confidence limits of the share at or below the quantile, read back on the distribution.
# A limit beyond 0 or 1 has no quantile, so that bound and the standard error are absent.
quantile_row <- function(base, question, prob, level) {
  x <- base$variables[[question]]
  row <- common(base)
  row$statistic <- paste0("p", 100 * prob)
  row$estimate <- quantile_at(x, weights(base), prob)
  below <- svymean(as.numeric(x <= row$estimate), base)
  limits <- symmetric(as.vector(coef(below)), as.vector(SE(below)), level, row$df)
  row$low <- if (is.na(limits$low) || limits$low < 0) NA_real_ else quantile_at(x, weights(base), limits$low)
  row$high <- if (is.na(limits$high) || limits$high > 1) NA_real_ else quantile_at(x, weights(base), limits$high)
  row$se <- (row$high - row$low) / (2 * critical(level, row$df))
  check_against_survey(row, x, base, question, prob, level, limits)
  row
}

# The smallest answer with at least the share `prob` of the weight at or below it (rule "math").
quantile_at <- function(x, w, prob) {
  x <- x[w > 0]
  w <- w[w > 0]
  ordered <- order(x)
  reached <- cumsum(w[ordered]) / sum(w)
  x[ordered][which(reached >= prob - 1e-12)[1]]
}

# survey 4.1-1 returns the second smallest answer, not the smallest, for a share below the smallest answer's own;
# newer versions may not. Everywhere else it must say what the formula above says.
check_against_survey <- function(row, x, base, question, prob, level, limits) {
  if (row$df == 0) return(invisible(agree_on_estimate(row, base, question, prob)))
  theirs <- svyquantile(reformulate(question), base, prob, alpha = 1 - level, interval.type = "mean",
                        qrule = "math", ci = TRUE, df = row$df)[[1]]
  ours <- c(row$estimate, row$low, row$high, row$se)
  smallest <- min(weights(base)[weights(base) > 0 & x == min(x[weights(base) > 0])]) / sum(weights(base))
  if (!is.na(limits$low) && limits$low >= 0 && limits$low < smallest) {
    counted$below <- counted$below + 1
    theirs[c(2, 4)] <- ours[c(2, 4)] <- 0
  }
  stopifnot(identical(is.na(ours), is.na(as.vector(theirs))))
  stopifnot(all(is.na(ours) | abs(ours - theirs) <= 1e-10 * pmax(1, abs(ours))))
  counted$checked <- counted$checked + 1
}
agree_on_estimate <- function(row, base, question, prob) {
  theirs <- svyquantile(reformulate(question), base, prob, qrule = "math", ci = FALSE)[[1]]
  stopifnot(as.vector(theirs) == row$estimate)
}

counted <- new.env()
counted$checked <- 0
counted$below <- 0

# --- cases ----------------------------------------------------------------------------------------------------

for (sample in names(reference$designs)) estimate("quantile", sample, "income")
for (sample in names(reference$designs)) estimate("quantile", sample, "children")
for (sample in c("clustered", "clustered_fpc", "elements_fpc", "srs_fpc")) {
  estimate("quantile", sample, "hours", by = "area")
  estimate("quantile", sample, "income", by = c("area", "hukou"), level = 0.9)
}
estimate("quantile", "clustered", "income", by = "stayed")
estimate("quantile", "clustered", "children", by = "hukou")
estimate("quantile", "clustered", "income", by = "stratum", probs = c(0.1, 0.5, 0.9))
estimate("quantile", "unstratified_fpc", "spend", by = "area", probs = c(0.1, 0.9))
estimate("quantile", "elements", "spend", by = "stayed", probs = 0.5)
for (sample in c("srs", "srs_fpc")) estimate("quantile", sample, "food") # half of the weight exactly at an answer
message(sprintf("%d rows checked against svyquantile, %d lower bounds below the smallest answer's share",
                counted$checked, counted$below))
write_reference("quantile.json")
