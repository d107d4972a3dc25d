# Change on public survey data: Rscript tests/reference/nhanes_change.R
#
# The folder XZZ_REAL_DATA holds nhanes_hichol_2009_10, apistrat, apiclus1 and apiclus2 (.csv.gz) in us_complex_surveys. The NHANES sample is cut into two
# artificial rounds that went to the same primary sampling units; the schools of the Californian samples are a panel of
# themselves, with the test scores of 1999 before and of 2000 after.
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("contrast.R") # what estimates are, and how they are compared
rows_like("change.R") # two rounds as one design

input <- sprintf("%s.csv.gz", c("nhanes_hichol_2009_10", "apistrat", "apiclus1", "apiclus2"))
folder <- file.path(Sys.getenv("XZZ_REAL_DATA", file.path(here, "../../../shared/data")), "us_complex_surveys")
target <- here
here <- tempdir() # the file that is written says what its input is called, not where it lies
stopifnot(file.copy(file.path(folder, input), here, overwrite = TRUE))
table_of <- function(name) read.csv(gzfile(file.path(here, sprintf("%s.csv.gz", name))))

declare <- function(sample, round, weight, strata = NULL, cluster = NULL, fpc = NULL, call = NULL) {
  given <- list(weight = weight, strata = strata, cluster = cluster, fpc = if (is.null(call)) fpc else call)
  sample_from(sample, list(round = round, weight = weight, strata = strata, cluster = cluster, fpc = fpc),
              python_call("Sample", sprintf("%s.query('round == \\\"%s\\\"')", sub("_r.$", "", sample), round), given))
}

# --- the same primary sampling units, other respondents -------------------------------------------------------

respondents <- table_of("nhanes_hichol_2009_10")
respondents$round <- ifelse((seq_len(nrow(respondents)) * 7919) %% 5 < 2, "r1", "r2")
for (round in c("r1", "r2")) declare(paste0("nhanes_", round), round, "WTMEC2YR", "SDMVSTRA", "SDMVPSU")
for (overlap in c("cluster", "none")) {
  change("nhanes_r1", "nhanes_r2", "HI_CHOL", overlap = overlap)
  change("nhanes_r1", "nhanes_r2", "HI_CHOL", "race", overlap = overlap)
  change("nhanes_r1", "nhanes_r2", "HI_CHOL", "agecat", overlap = overlap, adjust = "benjamini-hochberg", level = 0.9)
  change("nhanes_r1", "nhanes_r2", "HI_CHOL", c("race", "RIAGENDR"), statistic = "mean", overlap = overlap)
  change("nhanes_r1", "nhanes_r2", "agecat", "RIAGENDR", overlap = overlap, adjust = "none")
}
change("nhanes_r1", "nhanes_r2", "HI_CHOL", "race", statistic = "total")

# --- the same schools -----------------------------------------------------------------------------------------

schools <- function(name) {
  one <- table_of(name)
  rbind(cbind(one, round = "r1", api = one$api99), cbind(one, round = "r2", api = one$api00))
}

panel <- function(name, ...) {
  respondents <<- schools(name)
  respondents$person <<- respondents$cds
  for (round in c("r1", "r2")) declare(paste0(name, "_", round), round, "pw", ...)
  both <- paste0(name, c("_r1", "_r2"))
  change(both[1], both[2], "api", statistic = "mean", overlap = "panel")
  change(both[1], both[2], "api", "stype", statistic = "mean", overlap = "panel")
  change(both[1], both[2], "enroll", "stype", statistic = "total", overlap = "panel", adjust = "none")
}

panel("apistrat", strata = "stype", fpc = "fpc")
panel("apiclus1", cluster = "dnum", fpc = "fpc")
for (overlap in c("cluster", "none")) {
  change("apiclus1_r1", "apiclus1_r2", "api", "stype", statistic = "mean", overlap = overlap)
}

# Two stages: districts, and schools inside them. As a panel a school is one unit of both rounds; when only the
# districts are the same, the schools of each round were drawn by themselves inside their district.
respondents <- schools("apiclus2")
respondents$person <- respondents$cds
for (round in c("r1", "r2")) {
  declare(paste0("apiclus2_", round), round, "pw", cluster = "dnum", call = list("fpc1", "fpc2"))
}
stacked <- function(before, after, overlap) {
  rows <- respondents
  rows$.stratum <- if (overlap == "none") rows$round else "all"
  rows$.unit <- rows$dnum
  rows$.school <- if (overlap == "panel") rows$person else seq_len(nrow(rows))
  rows$.inside <- if (overlap == "panel") "all" else rows$round
  svydesign(ids = ~.unit + .school, strata = ~.stratum + .inside, fpc = ~fpc1 + fpc2, weights = ~pw, data = rows,
            nest = TRUE)
}
for (overlap in c("panel", "cluster", "none")) {
  change("apiclus2_r1", "apiclus2_r2", "api", statistic = "mean", overlap = overlap)
  change("apiclus2_r1", "apiclus2_r2", "api", "stype", statistic = "mean", overlap = overlap, level = 0.9)
}

message(sprintf("%d changes checked against svycontrast of totals, %d of svyby", counted$totals, counted$svyby))
write_reference("nhanes_change.json")
stopifnot(file.copy(file.path(here, "nhanes_change.json"), target, overwrite = TRUE))
