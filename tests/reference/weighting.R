# Post-stratification, raking, calibration and trimming, and the errors that know of them:
# Rscript tests/reference/weighting.R
fixture <- "stages"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
for (script in c("share.R", "mean.R", "quantile.R")) rows_like(script)

# --- the samples ----------------------------------------------------------------------------------------------

sample_as("two_stage", "w", "district", c("street", "block"), c("N_streets", "N_blocks"))
sample_as("streets", "w", "district", "street")
sample_as("three_stage", "w", "district", c("street", "block", "household"), c("N_streets", "N_blocks", "N_households"))
sample_as("lonely", "w", "district_lonely", "street", lonely = "adjust")

# Nobody with weight zero is calibrated or trimmed. R keeps counting the clusters they belong to, but would divide
# by their weights, and average and share out over them too.
for (sample in names(reference$designs)) {
  reference$designs[[sample]] <- reference$designs[[sample]][weights(reference$designs[[sample]]) > 0, ]
}

# Totals that ask for something: the sample's own, some more and some less, in whole numbers that add up.
population <- 3100
wanted_levels <- function(column, shift) {
  own <- svytable(reformulate(column), reference$designs$two_stage)
  own <- own[order(names(own), method = "radix")] * (1 + shift)
  wanted <- round(own * population / sum(own))
  wanted[1] <- population - sum(wanted[-1])
  as.list(wanted)
}
wanted_total <- function(column, shift) {
  setNames(list(round(coef(svytotal(reformulate(column), reference$designs$two_stage))[[1]] * (1 + shift))), column)
}
sex <- wanted_levels("sex", c(0.15, -0.1))
age <- wanted_levels("age", c(-0.2, 0.25, 0.05))
district <- wanted_levels("district", c(0.3, -0.15, -0.1, 0.12, 0.2))
works <- wanted_levels("works", c(0.1, -0.05))
rooms <- wanted_total("rooms", 0.06)
debt <- wanted_total("debt", 0.2)
cells <- expand.grid(sex = names(sex), age = names(age), stringsAsFactors = FALSE)
cells$total <- c(260, 371, 640, 493, 745, 591)

numbers <- function(totals) setNames(unlist(totals), NULL)
frame <- function(totals, column) setNames(data.frame(names(totals), numbers(totals)), c(column, "Freq"))
columns_of <- function(data) {
  sprintf("DataFrame(%s)", python_value(lapply(as.list(data), as.list)))
}

# `make` gives R's design from the design of the sample `from`; `given` follows the sample in the Python call.
weighted_as <- function(name, verb, from, make, ...) {
  given <- list(...)
  options(survey.lonely.psu = reference$lonely[[from]])
  literal <- vapply(given, function(value) if (inherits(value, "verbatim")) unclass(value) else python_value(value), "")
  named <- paste0(ifelse(names(given) == "", "", paste0(names(given), "=")), literal)
  call <- sprintf("weighting.%s(%s)", verb, paste(c(from, named), collapse = ", "))
  sample_from(name, make(reference$designs[[from]]), call, reference$lonely[[from]])
}
verbatim <- function(text) structure(text, class = "verbatim")

# R's algorithms stop at a tolerance: it is set where nothing changes any more.
exact <- 1e-13
rake_to_the_end <- function(design, ...) {
  margins <- list(...)
  formulas <- lapply(names(margins), reformulate)
  rake(design, formulas, Map(frame, margins, names(margins)), control = list(maxit = 500, epsilon = exact))
}
calibrate_to_the_end <- function(design, formula, totals, ...) {
  calibrate(design, formula, totals, epsilon = exact, maxit = 500, ...)
}
# R asks for the totals of its model matrix: a constant, and every level but one of each further margin.
calibrate_margins <- function(design, margins, numeric = NULL, ...) {
  formula <- reformulate(c(names(margins), names(numeric)))
  levels <- Map(function(totals, column) setNames(totals, paste0(column, names(totals))), margins, names(margins))
  totals <- unlist(c("(Intercept)" = population, unname(levels), numeric))
  calibrate_to_the_end(design, formula, totals[colnames(model.matrix(formula, design$variables))], ...)
}

for (from in c("two_stage", "streets", "lonely")) {
  weighted_as(paste0("post_", from), "post_stratify", from, function(design) {
    postStratify(design, ~sex, frame(sex, "sex"))
  }, "sex", sex)
}
for (from in c("two_stage", "three_stage")) {
  weighted_as(paste0("post_cells_", from), "post_stratify", from, function(design) {
    postStratify(design, ~sex + age, setNames(cells, c("sex", "age", "Freq")))
  }, list("sex", "age"), verbatim(columns_of(cells)))
}

margins <- list(sex = sex, age = age, district = district)
for (from in c("two_stage", "streets")) {
  weighted_as(paste0("raked_", from), "rake", from, function(design) {
    calibrate_margins(design, margins, calfun = "raking")
  }, margins)
  weighted_as(paste0("raked_as_r_", from), "rake", from, function(design) {
    do.call(rake_to_the_end, c(list(design), margins))
  }, margins, errors = "r")
}
weighted_as("raked_two_margins", "rake", "three_stage", function(design) {
  calibrate_margins(design, margins[1:2], calfun = "raking")
}, verbatim(columns_of(data.frame(
  variable = rep(c("sex", "age"), c(2, 3)), level = c(names(sex), names(age)), total = c(numbers(sex), numbers(age))
))))
# Margins that say nearly the same: R's ten rounds of averages end before they have settled.
alike <- list(age = age, works = works, sex = sex)
weighted_as("raked_alike", "rake", "streets", function(design) {
  calibrate_margins(design, alike, calfun = "raking")
}, alike)
weighted_as("raked_alike_as_r", "rake", "streets", function(design) {
  do.call(rake_to_the_end, c(list(design), alike))
}, alike, errors = "r")
weighted_as("raked_lonely", "rake", "lonely", function(design) {
  do.call(rake_to_the_end, c(list(design), margins[1:2]))
}, margins[1:2], errors = "r")

mixed <- c(margins[1:2], rooms, debt)
for (from in c("two_stage", "streets", "three_stage", "lonely")) {
  weighted_as(paste0("linear_", from), "calibrate", from, function(design) {
    calibrate_margins(design, margins[1:2], c(rooms, debt))
  }, mixed)
}
weighted_as("linear_numbers", "calibrate", "two_stage", function(design) {
  calibrate(design, ~rooms + debt, c("(Intercept)" = population, unlist(rooms), unlist(debt)))
}, c(rooms, debt), population = population)
weighted_as("linear_no_constant", "calibrate", "two_stage", function(design) {
  calibrate(design, ~rooms - 1, unlist(rooms))
}, rooms)
weighted_as("linear_bounded", "calibrate", "two_stage", function(design) {
  calibrate_margins(design, margins[1:2], c(rooms, debt), bounds = c(0.8, 1.6))
}, mixed, bounds = verbatim("(0.8, 1.6)"))
weighted_as("exponential", "calibrate", "two_stage", function(design) {
  calibrate_margins(design, margins[1:2], c(rooms, debt), calfun = "raking")
}, mixed, distance = "raking")
for (from in c("two_stage", "streets")) {
  weighted_as(paste0("logit_", from), "calibrate", from, function(design) {
    calibrate_margins(design, margins[1:2], c(rooms, debt), calfun = "logit", bounds = c(0.6, 2.2))
  }, mixed, distance = "logit", bounds = verbatim("(0.6, 2.2)"))
}

weighted_as("trimmed", "trim", "two_stage", function(design) {
  trimWeights(design, lower = 1.5, upper = 9)
}, low = 1.5, high = 9, redistribute = "equal")
weighted_as("trimmed_above", "trim", "streets", function(design) {
  trimWeights(design, upper = 8)
}, high = 8, redistribute = "equal")
weighted_as("raked_then_trimmed", "trim", "raked_two_stage", function(design) {
  trimWeights(design, lower = 1, upper = 11)
}, low = 1, high = 11, redistribute = "equal")
weighted_as("trimmed_then_raked", "rake", "trimmed", function(design) {
  calibrate_margins(design, margins, calfun = "raking")
}, margins)

weighted_as("post_then_linear", "calibrate", "post_cells_two_stage", function(design) {
  calibrate_margins(design, margins[3], c(rooms, debt))
}, c(margins[3], rooms, debt))
weighted_as("linear_then_post", "post_stratify", "linear_streets", function(design) {
  postStratify(design, ~district, frame(district, "district"))
}, "district", district)
weighted_as("raked_as_r_then_post", "post_stratify", "raked_as_r_two_stage", function(design) {
  postStratify(design, ~sex + age, setNames(cells, c("sex", "age", "Freq")))
}, list("sex", "age"), verbatim(columns_of(cells)))

girls <- reference$designs$raked_two_stage
sample_from("raked_girls", girls[girls$variables$girl == 1, ], "raked_two_stage.subpopulation('girl')")

# --- the weights themselves -----------------------------------------------------------------------------------

shown <- seq(1, nrow(respondents), by = 13)
reference$more$shown_every <- 13
reference$more$weights <- lapply(setdiff(names(reference$designs), "raked_girls"), function(sample) {
  design <- reference$designs[[sample]]
  weight <- replace(numeric(nrow(respondents)), design$variables$person, weights(design))
  list(sample = sample, sum = sum(weight), squares = sum(weight^2), by_number = sum(weight * respondents$person),
       shown = weight[shown])
})

# --- cases ----------------------------------------------------------------------------------------------------

calibrated <- setdiff(names(reference$designs), c("two_stage", "streets", "three_stage", "lonely"))
several <- c("post_cells_two_stage", "raked_two_stage", "raked_as_r_two_stage", "linear_two_stage",
             "linear_three_stage", "logit_streets", "post_then_linear", "raked_then_trimmed")
for (sample in calibrated) {
  estimate("mean", sample, "income", by = "area")
  estimate("total", sample, "children", by = "hukou")
  estimate("share", sample, "phone", by = "camp", method = "wilson")
  estimate("ratio", sample, "food", "spend")
}
for (sample in several) {
  estimate("mean", sample, "visited", by = "district")
  estimate("mean", sample, "debt", by = "sex", level = 0.9)
  estimate("total", sample, "rooms")
  estimate("total", sample, "spend", by = c("area", "hukou"), level = 0.9)
  estimate("ratio", sample, "visited", "children", by = c("sex", "age"))
  estimate("share", sample, "barrier", by = "area", method = "logit")
  estimate("share", sample, "owns", by = "area", method = "wilson")
  estimate("quantile", sample, "income", by = "area")
  estimate("quantile", sample, "children", by = "shore", level = 0.9)
}
for (sample in setdiff(several, "raked_then_trimmed")) {
  covariance(sample, c("income", "visited", "children"), by = "hukou")
}
write_reference("weighting.json")
