# Jackknife standard errors (JKn, about the estimate): Rscript tests/reference/replicates.R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

# Every replicate leaves one cluster of the whole sample out; a domain is a subset of the replicate design.
rows_of_replicate <- function(design, member, question, asked) {
  base <- base_of(design, member, question)
  kept <- rownames(design$variables) %in% rownames(base$variables)
  replicated <- subset(as.svrepdesign(design, type = if (all(design$strata[[1]] == 1)) "JK1" else "JKn", mse = TRUE), kept)
  row <- common(base)
  row$statistic <- "share"
  result <- svymean(reformulate(question), replicated)
  row$estimate <- as.vector(coef(result))
  row$se <- as.vector(SE(result))
  row$n_need <- sum(base$variables[[question]])
  list(c(row, symmetric(row$estimate, row$se, asked$level, row$df)))
}

# --- cases ----------------------------------------------------------------------------------------------------

for (sample in c("clustered", "clustered_fpc", "unstratified_fpc", "elements_fpc")) {
  estimate("replicate", sample, "phone")
  for (by in c("area", "hukou", "stayed")) estimate("replicate", sample, "phone", by = by)
  estimate("replicate", sample, "visited", by = c("area", "hukou"), level = 0.9)
  estimate("replicate", sample, "out_of_school", by = "area")
}
write_reference("replicates.json")
