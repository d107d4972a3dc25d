# Estimates, calibrated weights and tests on public survey data: Rscript tests/reference/public_surveys.R
#
# The data are the files of us_complex_surveys in the folder XZZ_REAL_DATA: five files of Californian schools, with the
# whole population among them, and two health surveys. Calibration by "raking" and "logit" needs R's package MASS.
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
for (script in c("share.R", "mean.R", "quantile.R")) rows_like(script)

tables <- c("apisrs", "apistrat", "apiclus1", "apiclus2", "apipop", "nhanes_hichol_2009_10", "yrbs_qn8")
input <- sprintf("%s.csv.gz", tables)
folder <- file.path(Sys.getenv("XZZ_REAL_DATA", file.path(here, "../../../shared/data")), "us_complex_surveys")
open_table <- function(name) {
  fixture <<- sub("_.*", "", name)
  respondents <<- read.csv(gzfile(file.path(folder, sprintf("%s.csv.gz", name))), na.strings = c("", "NA"))
}

# --- the samples ----------------------------------------------------------------------------------------------

open_table("apisrs")
sample_as("srs", weight = "pw")
sample_as("srs_fpc", weight = "pw", fpc = "fpc")
open_table("apistrat")
sample_as("strat", weight = "pw", strata = "stype")
sample_as("strat_fpc", weight = "pw", strata = "stype", fpc = "fpc")
open_table("apiclus1")
sample_as("clus1", weight = "pw", cluster = "dnum")
sample_as("clus1_fpc", weight = "pw", cluster = "dnum", fpc = "fpc")
open_table("apiclus2")
sample_as("clus2", weight = "pw", cluster = c("dnum", "snum"))
sample_as("clus2_fpc", weight = "pw", cluster = c("dnum", "snum"), fpc = c("fpc1", "fpc2"))
schools <- names(reference$designs)
open_table("nhanes_hichol_2009_10")
sample_as("examined", weight = "WTMEC2YR", strata = "SDMVSTRA", cluster = "SDMVPSU")
adults <- reference$designs$examined
adults <- update(adults, adult = as.numeric(agecat != "(0,19]"))
reference$designs$examined <- adults
sample_from("adults", adults[adults$variables$adult == 1, ], "examined.subpopulation('adult')")
open_table("yrbs_qn8")
respondents$rarely_belted <- 2 - respondents$qn8 # 1 is yes, 2 is no
sample_as("students", weight = "weight", strata = "stratum", cluster = "psu")

# --- weights that meet the population's totals ----------------------------------------------------------------

open_table("apipop")
population <- respondents
exact <- 1e-13 # of a total, where nothing changes any more
levels_of <- function(...) {
  sapply(c(...), function(column) {
    counted <- table(population[[column]])
    as.list(setNames(as.vector(counted), names(counted)))
  }, simplify = FALSE)
}
total_of <- function(...) sapply(c(...), function(column) sum(population[[column]]), simplify = FALSE)
in_r <- function(totals, column) setNames(data.frame(names(totals), unlist(totals)), c(column, "Freq"))

weighted_as <- function(name, from, verb, design, ..., bounds = NULL) {
  given <- list(...)
  written <- paste0(ifelse(names(given) == "", "", paste0(names(given), "=")), vapply(given, python_value, ""))
  written <- c(written, if (!is.null(bounds)) sprintf("bounds=(%s)", toString(bounds)))
  sample_from(name, design, sprintf("weighting.%s(%s)", verb, paste(c(from, written), collapse = ", ")))
}
post_stratified <- function(name, from, column) {
  totals <- levels_of(column)[[1]]
  design <- postStratify(reference$designs[[from]], reformulate(column), in_r(totals, column))
  weighted_as(name, from, "post_stratify", design, column, totals)
}
# R's raking ends at differences of whole schools unless it is told otherwise.
raked <- function(name, from, margins) {
  design <- rake(reference$designs[[from]], lapply(names(margins), reformulate), Map(in_r, margins, names(margins)),
                 control = list(maxit = 500, epsilon = exact))
  weighted_as(paste0(name, "_as_r"), from, "rake", design, margins, errors = "r")
  design <- calibrated(from, margins, calfun = "raking", epsilon = exact, maxit = 500)
  weighted_as(name, from, "rake", design, margins)
}
calibrated <- function(from, totals, ...) {
  formula <- reformulate(names(totals))
  calibrate(reference$designs[[from]], formula, colSums(model.matrix(formula, population)), ...)
}

post_stratified("clus1_post", "clus1_fpc", "stype")
post_stratified("clus2_post", "clus2_fpc", "sch.wide")
post_stratified("strat_post", "strat_fpc", "comp.imp")
raked("clus1_raked", "clus1_fpc", levels_of("stype", "sch.wide"))
raked("strat_raked", "strat_fpc", levels_of("sch.wide", "awards"))
both <- c(levels_of("stype"), total_of("api99"))
weighted_as("clus1_linear", "clus1_fpc", "calibrate", calibrated("clus1_fpc", both), both)
weighted_as("strat_linear", "strat_fpc", "calibrate", calibrated("strat_fpc", both), both)
more <- c(levels_of("awards"), total_of("api99", "meals"))
weighted_as("clus2_linear", "clus2_fpc", "calibrate", calibrated("clus2_fpc", more, bounds = c(0.1, 4)), more,
            bounds = c(0.1, 4))
for (from in c("clus1", "strat")) {
  limits <- list(clus1 = c(0.3, 2.5), strat = c(0.8, 1.3))[[from]]
  design <- calibrated(paste0(from, "_fpc"), both, calfun = "logit", bounds = limits, epsilon = exact, maxit = 500)
  weighted_as(paste0(from, "_logit"), paste0(from, "_fpc"), "calibrate", design, both, distance = "logit",
              bounds = limits)
}
weighted <- grep("post|raked|linear|logit", names(reference$designs), value = TRUE)
reference$more$weights <- lapply(weighted, function(sample) {
  weight <- unname(weights(reference$designs[[sample]]))
  list(sample = sample, sum = sum(weight), squares = sum(weight^2), shown = weight[seq(1, length(weight), by = 13)])
})

# --- estimates ------------------------------------------------------------------------------------------------

methods <- c("wilson", "logit", "korn-graubard", "wald")
for (sample in schools) {
  for (method in methods) {
    estimate("share", sample, "sch.wide", by = "stype", method = method)
    if (method == "logit" && grepl("strat", sample)) next # the shares of strata are known: share.R gives no logit then
    estimate("share", sample, "stype", method = method, level = 0.9)
  }
  estimate("mean", sample, "api00")
  estimate("mean", sample, "emer", by = c("stype", "sch.wide"), level = 0.9) # a few did not say
  estimate("mean", sample, "acs.k3", by = "awards") # asked of schools with children under nine
  estimate("total", sample, "enroll", by = "stype")
  estimate("ratio", sample, "api.stu", "enroll", by = "comp.imp")
  estimate("quantile", sample, "api00")
  estimate("quantile", sample, "meals", by = "stype", probs = c(0.105, 0.5, 0.895), level = 0.9)
}
for (method in methods) {
  estimate("share", "examined", "HI_CHOL", method = method)
  estimate("share", "examined", "HI_CHOL", by = "agecat", method = method)
  estimate("share", "examined", "HI_CHOL", by = c("race", "RIAGENDR"), method = method, level = 0.9)
  estimate("share", "adults", "HI_CHOL", by = "race", method = method)
  estimate("share", "students", "rarely_belted", method = method)
}
for (method in setdiff(methods, "logit")) { # R fits no logit inside one stratum
  estimate("share", "students", "rarely_belted", by = "stratum", method = method)
}
estimate("share", "examined", "agecat", by = "race", method = "wilson")
estimate("mean", "examined", "HI_CHOL", by = "race")
estimate("total", "examined", "HI_CHOL", by = c("agecat", "RIAGENDR"))
estimate("total", "adults", "HI_CHOL")
estimate("ratio", "examined", "HI_CHOL", "RIAGENDR", by = "race")
estimate("mean", "students", "rarely_belted")
estimate("total", "students", "rarely_belted", by = "stratum")
for (sample in weighted) {
  estimate("share", sample, "both", by = "stype", method = "wilson")
  estimate("share", sample, "yr.rnd", method = "logit", level = 0.9)
  estimate("mean", sample, "api00")
  estimate("mean", sample, "ell", by = "stype")
  estimate("total", sample, "api.stu", by = "sch.wide")
  estimate("ratio", sample, "api.stu", "enroll")
  estimate("quantile", sample, "api00")
}
message(sprintf("%d quantiles checked against svyquantile, %d lower bounds below the smallest answer's share",
                counted$checked, counted$below))

# --- tests and contrasts: other columns than estimates have ---------------------------------------------------

aside <- function(script, name, ask) {
  of_estimates <- list(cases = reference$cases, key = key, columns = columns)
  rows_like(script)
  reference$cases <- list()
  ask()
  reference$more[[name]] <- lapply(reference$cases, function(case) {
    rows <- lapply(seq_len(nrow(case$rows)), function(i) unname(as.list(case$rows[i, ])))
    list(id = case$id, call = case$call, key = key, columns = columns, rows = rows)
  })
  reference$cases <- of_estimates$cases
  key <<- of_estimates$key
  columns <<- of_estimates$columns
}

aside("testing.R", "tests", function() {
  for (method in c("rao-scott-f", "rao-scott-chisq", "wald", "adjusted-wald")) {
    for (sample in schools) compare_groups(sample, c("sch.wide", "comp.imp", "awards"), "stype", method = method)
    compare_groups("examined", c("HI_CHOL", "agecat"), "race", method = method)
    compare_groups("examined", "HI_CHOL", c("race", "RIAGENDR"), method = method)
    compare_groups("adults", "HI_CHOL", "RIAGENDR", method = method)
    compare_groups("students", "rarely_belted", "stratum", method = method)
  }
  for (sample in c("clus1_raked", "clus1_raked_as_r", "strat_linear", "clus2_post")) {
    compare_groups(sample, c("awards", "both"), "stype", method = "rao-scott-f")
    compare_groups(sample, c("api00", "ell"), "awards", method = "t")
  }
  for (sample in schools) {
    compare_groups(sample, c("api00", "enroll", "acs.k3"), "awards", method = "t", adjust = "benjamini-hochberg")
    compare_groups(sample, c("api00", "meals"), "stype", method = "mean-wald", adjust = "none")
  }
  compare_groups("examined", "HI_CHOL", "RIAGENDR", method = "t")
  compare_groups("examined", "HI_CHOL", "race", method = "mean-wald")
  compare_groups("adults", "HI_CHOL", c("race", "RIAGENDR"), method = "mean-wald")
})

aside("contrast.R", "contrasts", function() {
  by_group <- check_against_svyby # which gives no covariance of calibrated estimates
  check_against_svyby <<- function(design, ...) if (is.null(design$postStrata)) by_group(design, ...)
  gain <- list(gain = c(`0` = 1, `1` = -1))
  for (sample in c(schools, weighted)) {
    contrast(sample, "mean", c("api00", "api99"), NULL, gain)
    differences(sample, "mean", "api00", "stype", "stype", reference = "E")
    differences(sample, "share", "awards", "stype", "stype", adjust = "benjamini-hochberg", level = 0.9)
  }
  for (sample in c("examined", "adults")) {
    differences(sample, "share", "HI_CHOL", "race", "race", reference = "2")
    differences(sample, "share", "HI_CHOL", c("race", "RIAGENDR"), "RIAGENDR", adjust = "none")
    differences(sample, "total", "HI_CHOL", "RIAGENDR", "RIAGENDR", level = 0.9)
  }
  contrast("students", "share", "rarely_belted", "stratum", adjust = "holm", coefficients = list(
    first = c(`0` = 1, `1` = -1), third = c(`2` = 1, `3` = -1), mean = setNames(rep(1 / 13, 13), 0:12)
  ))
})
asked <- sapply(c("tests", "contrasts"), function(name) sum(lengths(lapply(reference$more[[name]], `[[`, "rows"))))
message(sprintf("%d tests; %d contrasts, %d of them checked against svycontrast of totals and %d of svyby",
                asked[["tests"]], asked[["contrasts"]], counted$totals, counted$svyby))

target <- here
here <- tempdir() # the file that is written says what its input is called, not where it lies
stopifnot(file.copy(file.path(folder, input), here, overwrite = TRUE))
write_reference("public_surveys.json")
stopifnot(file.copy(file.path(here, "public_surveys.json"), target, overwrite = TRUE))
