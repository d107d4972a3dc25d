# Gini and concentration indices: Rscript tests/reference/inequality.R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

# C = 2 cov(y, r) / mean(y), with weights, where r is the rank of x as a part of all: the weight below it and half of
# the weight at it (equal values share their rank), so that ranks have the mean 1/2. Gini is C of y ranked by itself.
concentration <- function(w, y, below) {
  rank <- below / sum(w)
  mean <- sum(w * y) / sum(w)
  2 * sum(w * (y - mean) * (rank - 0.5)) / sum(w) / mean
}

# For needs with bounds (0 and 1 for yes and no): Wagstaff's divides by what is possible, Erreygers' measures points.
corrected <- function(w, y, below, asked) {
  index <- concentration(w, y, below)
  if (is.null(asked$correction)) return(index)
  bounds <- if (is.null(asked$bounds)) c(0, 1) else asked$bounds
  mean <- sum(w * y) / sum(w)
  if (asked$correction == "erreygers") return(4 * mean * index / (bounds[2] - bounds[1]))
  index * (bounds[2] - bounds[1]) * mean / ((bounds[2] - mean) * (mean - bounds[1]))
}

# Standard error by brute force: the slope of the index in every single weight, by a step into the imaginary numbers
# (no difference is taken, so no digit is lost), and the error of the total of these slopes.
rows_of_concentration <- function(design, member, question, asked, rank) {
  base <- base_of(design, member, question, rank)
  row <- common(base)
  row$statistic <- asked$statistic
  list(c(row, indexed(base, base$variables[[question]], base$variables[[rank]], row$df, asked)))
}

rows_of_gini <- function(design, member, question, asked) {
  rows_of_concentration(design, member, question, asked, question)
}

indexed <- function(base, y, x, df, asked) {
  absent <- list(estimate = NA_real_, se = NA_real_, low = NA_real_, high = NA_real_)
  if (nrow(base) == 0 || sum(weights(base) * y) == 0) return(absent) # of nothing, nothing can be unequal
  if (identical(asked$correction, "wagstaff") && all(y == 1)) return(absent) # nothing else is possible
  w <- weights(base)
  counts <- outer(x, x, ">") + outer(x, x, "==") / 2 # how much of each weight lies below each answer
  below <- as.vector(counts %*% w)
  estimate <- corrected(w, y, below, asked)
  step <- 1i * 1e-30
  slope <- vapply(seq_along(w), function(i) {
    Im(corrected(replace(as.complex(w), i, w[i] + step), y, below + step * counts[, i], asked)) / Im(step)
  }, 0)
  if (is.null(asked$correction)) check_slope(slope, estimate, w, x, y)
  se <- as.vector(SE(svytotal(slope, base)))
  c(list(estimate = estimate, se = se), symmetric(estimate, se, asked$level, df))
}

# The slope as a formula, the index from all pairs of respondents (Gini alone), and weights of any size.
check_slope <- function(slope, estimate, w, x, y) {
  total <- sum(w)
  mean <- sum(w * y) / total
  above <- vapply(x, function(one) sum(w * y * ((x > one) + (x == one) / 2)), 0) # of y, not of people
  rank <- vapply(x, function(one) sum(w * ((x < one) + (x == one) / 2)), 0) / total
  formula <- (2 / mean * (y * rank + above / total) - (1 + estimate) * (y / mean + 1)) / total
  stopifnot(abs(slope - formula) * total <= 1e-10, abs(sum(slope * w)) <= 1e-10)
  if (identical(x, y)) {
    pairs <- sum(outer(w, w) * abs(outer(y, y, "-"))) / (2 * total^2 * mean)
    stopifnot(abs(pairs - estimate) <= 1e-10)
  }
  counted$indices <- counted$indices + 1
}

counted <- new.env()
counted$indices <- 0

index_of <- function(verb, sample, question, rank = NULL, by = NULL, level = NULL, correction = NULL, bounds = NULL) {
  design <- reference$designs[[sample]]
  asked <- list(statistic = paste(c(verb, correction), collapse = "_"), level = if (is.null(level)) 0.95 else level,
                correction = correction, bounds = bounds)
  rows <- do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    given <- c(list(design, domain$member, question, asked), if (!is.null(rank)) list(rank))
    row <- do.call(paste0("rows_of_", verb), given)[[1]]
    as.data.frame(c(row, by = domain$by))[columns]
  }))
  given <- list(rank = rank, by = if (length(by) > 1) as.list(by) else by, level = level,
                correction = correction, bounds = bounds)
  add_case(python_call(verb, sample, given, quoted = question), rows[rows$n > 0, ])
}

# --- cases ----------------------------------------------------------------------------------------------------

for (sample in names(reference$designs)) {
  index_of("gini", sample, "income")
  index_of("gini", sample, "children", by = "area") # many equal answers
  index_of("concentration", sample, "phone", rank = "income", by = "area")
}
for (sample in c("clustered", "elements_fpc")) {
  index_of("gini", sample, "spend", by = c("area", "hukou"), level = 0.9)
  index_of("gini", sample, "income", by = "stayed")
  index_of("gini", sample, "phone")
  index_of("concentration", sample, "flooded", rank = "income", by = "area") # nobody in one group has the need
  index_of("concentration", sample, "visited", rank = "children", by = "stratum")
  index_of("concentration", sample, "food", rank = "spend", by = "hukou", level = 0.9)
  index_of("concentration", sample, "ledger", rank = "hours", by = c("area", "hukou"))
  index_of("concentration", sample, "out_of_school", rank = "phone", by = "stayed")
}
for (correction in c("wagstaff", "erreygers")) {
  index_of("concentration", "clustered", "phone", rank = "income", by = "area", correction = correction)
  index_of("concentration", "elements_fpc", "ledger", rank = "hours", by = "area", correction = correction)
  index_of("concentration", "clustered_fpc", "children", rank = "spend", by = "hukou", correction = correction,
           bounds = c(0, 8))
}
message(sprintf("%d indices checked against their formula", counted$indices))
write_reference("inequality.json")
