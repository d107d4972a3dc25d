# Means, totals and ratios: Rscript tests/reference/mean.R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

rows_of_mean <- function(design, member, question, asked) {
  base <- base_of(design, member, question)
  row <- finished("mean", base, svymean(base$variables[[question]], base, deff = "replace"), asked$level)
  row$n_eff <- row$n / row$deff
  list(row)
}

rows_of_total <- function(design, member, question, asked) {
  base <- base_of(design, member, question)
  list(finished("total", base, svytotal(base$variables[[question]], base, deff = "replace"), asked$level))
}

rows_of_ratio <- function(design, member, numerator, denominator, asked) {
  base <- base_of(design, member, numerator, denominator)
  ratio <- svyratio(reformulate(numerator), reformulate(denominator), base, deff = "replace")
  list(finished("ratio", base, ratio, asked$level))
}

finished <- function(statistic, base, result, level) {
  row <- common(base)
  row$statistic <- statistic
  row$estimate <- as.vector(coef(result))
  row$se <- as.vector(SE(result))
  row$deff <- as.vector(attr(result, "deff"))
  c(row, symmetric(row$estimate, row$se, level, row$df))
}

# --- cases ----------------------------------------------------------------------------------------------------

samples <- names(reference$designs)
for (sample in samples) estimate("mean", sample, "income")
for (sample in samples) estimate("mean", sample, "children", by = "area")
for (sample in samples) estimate("total", sample, "children")
for (sample in samples) estimate("total", sample, "hours", by = "hukou")
for (sample in samples) estimate("ratio", sample, "food", "spend")
for (sample in c("clustered", "clustered_fpc", "elements_fpc")) {
  estimate("mean", sample, "hours", by = "stratum")
  estimate("mean", sample, "visited", by = c("area", "hukou"), level = 0.9)
  estimate("mean", sample, "income", by = "stayed")
  estimate("total", sample, "spend", by = c("area", "hukou"))
  estimate("total", sample, "phone", by = "stayed", level = 0.9)
  estimate("ratio", sample, "food", "spend", by = "area", level = 0.9)
  estimate("ratio", sample, "food", "income", by = c("hukou", "area"))
  estimate("ratio", sample, "visited", "children", by = "stayed")
}
write_reference("mean.json")
