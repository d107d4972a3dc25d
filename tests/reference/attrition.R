# Who was lost between two rounds: Rscript tests/reference/attrition.R
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
for (script in c("share.R", "testing.R", "contrast.R", "change.R")) rows_like(script)

key <- "by"
columns <- c("by", "estimate", "se", "low", "high", "df", "n", "followed", "lost", "test_statistic", "test_df1",
             "test_df2", "test_p")

for (round in c("r1", "r2", "r3")) {
  round_as(round, round, "w", "stratum", "grid")
  round_as(paste0(round, "_fpc"), round, "w", "stratum", "grid", "n_grids")
  round_as(paste0(round, "_persons"), round, "w", "stratum")
}

attrition <- function(before, after, by = NULL, level = NULL) {
  first <- reference$designs[[before]]
  design <- stacked(first, first, "none") # the first round by itself
  later <- respondents[respondents$round == reference$designs[[after]]$round, ]
  design$variables$lost <- as.numeric(!design$variables$person %in% later$person[later$w > 0])
  asked <- list(level = or(level, 0.95), method = "wilson-adjusted")
  rows <- do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    row <- rows_of_share(design, domain$member, "lost", asked)[[1]]
    as.data.frame(c(row, by = domain$by, lost = row$n_need, followed = row$n - row$n_need))
  }))
  test <- if (!is.null(by)) test_adjusted_wald(table_of(design, "lost", by))
  for (column in c("statistic", "df1", "df2", "p")) {
    rows[[paste0("test_", column)]] <- if (is.null(test)) NA_real_ else test[[column]]
  }
  given <- list(by = if (length(by) > 1) as.list(by) else by, level = level)
  add_case(python_call("attrition", paste(before, after, sep = ", "), given, quoted = list("person")), rows[columns])
}

for (sample in c("", "_fpc", "_persons")) {
  before <- paste0("r1", sample)
  after <- paste0("r2", sample)
  attrition(before, after)
  attrition(before, after, "hukou")
  attrition(before, after, "area", level = 0.9)
  attrition(before, after, c("age", "hukou"))
}
attrition("r2", "r1", "camp") # looking back: who is new
attrition("r1", "r2", "stratum")
write_reference("attrition.json")
