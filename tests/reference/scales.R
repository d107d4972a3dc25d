# Scales: the Rasch model by conditional maximum likelihood (eRm), reliability (psych, factanal), and prevalences of
# food insecurity whose error is the survey package's jackknife of the whole procedure: Rscript tests/reference/scales.R
suppressPackageStartupMessages({
  library(eRm)
  library(psych)
})
fixture <- "scales"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
options(survey.lonely.psu = "fail", warn = 1) # eRm says which persons it has no measure for

key <- c("name", "row")
columns <- c("name", "row", "value")
food <- grep("^fies_", names(respondents), value = TRUE)
well <- grep("^well_", names(respondents), value = TRUE)
x <- as.matrix(respondents[food])
complete <- complete.cases(x)
raw <- rowSums(x)
ones <- rep(1, nrow(x))

# --- the Rasch model ------------------------------------------------------------------------------------------

model <- RM(x[complete, ], sum0 = TRUE)
severity <- -model$betapar
persons <- person.parameter(model) # one row per person who is not extreme
first_with <- match(seq_len(length(food) - 1), raw[complete & raw > 0 & raw < length(food)])

# All 2^k patterns: what is expected given the raw score, written out.
patterns <- as.matrix(expand.grid(rep(list(0:1), length(food))))
given_raw <- function(severity) {
  likelihood <- exp(-patterns %*% severity)
  t(sapply(seq_along(severity), function(r) {
    mine <- rowSums(patterns) == r
    colSums(patterns[mine, , drop = FALSE] * likelihood[mine]) / sum(likelihood[mine])
  }))
}

fit_of <- function(severity, weight) {
  used <- complete & raw > 0 & raw < length(food)
  p <- given_raw(severity)[raw[used], ]
  w <- weight[used]
  squared <- (x[used, ] - p)^2
  variance <- p * (1 - p)
  residual <- scale(x[used, ] - p, center = colSums(w * (x[used, ] - p)) / sum(w), scale = FALSE)
  list(infit = colSums(w * squared) / colSums(w * variance), outfit = colSums(w * squared / variance) / sum(w),
       residual_correlation = unname(cov2cor(crossprod(residual * sqrt(w)))))
}

# Weighted: the log-likelihood summed over patterns, climbed by a general optimiser.
negative <- function(free, weight) {
  severity <- c(free, -sum(free))
  used <- complete & raw > 0 & raw < length(food)
  likelihood <- exp(-patterns %*% severity)
  gamma <- sapply(seq_along(food), function(r) sum(likelihood[rowSums(patterns) == r]))
  sum(weight[used] * (x[used, ] %*% severity + log(gamma[raw[used]]))) / sum(weight[used])
}
slope <- function(free, weight) {
  used <- complete & raw > 0 & raw < length(food)
  expected <- given_raw(c(free, -sum(free)))[raw[used], ]
  each <- colSums(weight[used] * (x[used, ] - expected)) / sum(weight[used])
  each[-length(food)] - each[length(food)]
}
climb <- function(weight, start) {
  for (again in 1:3) start <- optim(start, negative, slope, weight = weight, method = "BFGS",
                                    control = list(reltol = 1e-16, maxit = 1000))$par
  stopifnot(max(abs(slope(start, weight))) < 1e-8)
  c(start, -sum(start))
}
weighted <- climb(respondents$w, start = severity[-length(food)])

measure_of <- function(severity) {
  raw <- c(0.5, seq_len(length(severity) - 1), length(severity) - 0.5)
  theta <- sapply(raw, function(r) uniroot(function(t) sum(plogis(t - severity)) - r, c(-20, 20), tol = 1e-13)$root)
  p <- plogis(outer(theta, severity, "-"))
  list(measure = theta, error = 1 / sqrt(rowSums(p * (1 - p))))
}

reliability_of <- function(measured, counts) {
  inside <- 2:(length(measured$measure) - 1)
  mean <- weighted.mean(measured$measure[inside], counts)
  between <- weighted.mean((measured$measure[inside] - mean)^2, counts)
  between / (between + weighted.mean(measured$error[inside]^2, counts))
}
counts_of <- function(weight) sapply(seq_len(length(food) - 1), function(r) sum(weight[which(raw == r)]))

# --- prevalences ----------------------------------------------------------------------------------------------

standard <- c(-1.2230564, -0.8471210, -1.1056616, 0.3509848, -0.3117999, 0.5065051, 0.7546138, 1.8755353)

equated <- function(severity, common) {
  scale <- sd(standard[common]) / sd(severity[common])
  list(scale = scale, shift = mean(standard[common]) - scale * mean(severity[common]))
}
common_items <- function(severity) {
  common <- rep(TRUE, length(severity))
  repeat {
    line <- equated(severity, common)
    away <- ifelse(common, abs(line$shift + line$scale * severity - standard), 0)
    if (max(away) <= 0.35) return(common)
    common[which.max(away)] <- FALSE
  }
}
probabilities <- function(severity, common) {
  line <- equated(severity, common)
  thresholds <- (standard[c(5, 8)] - line$shift) / line$scale
  measured <- measure_of(severity)
  beyond <- 1 - pnorm(outer(-measured$measure, thresholds, "+") / measured$error)
  beyond[1, ] <- 0
  beyond
}
common <- common_items(weighted)
by_raw <- probabilities(weighted, common)

design <- svydesign(ids = ~cluster, strata = ~stratum, weights = ~w, data = respondents, nest = TRUE)
replicates <- as.svrepdesign(design, type = "JKn")

prevalence_of <- function(weight, members) {
  beyond <- probabilities(climb(weight, start = weighted[-length(food)]), common)
  mine <- which(complete & members)
  colSums(weight[mine] * beyond[raw[mine] + 1, ]) / sum(weight[mine])
}
jackknifed <- function(members) {
  found <- withReplicates(replicates, function(w, data) prevalence_of(w, members))
  list(estimate = as.vector(coef(found)), se = as.vector(sqrt(diag(as.matrix(vcov(found))))))
}
severity_error <- function() {
  found <- withReplicates(replicates, function(w, data) climb(w, start = weighted[-length(food)]))
  as.vector(sqrt(diag(as.matrix(vcov(found)))))
}

# --- reliability ----------------------------------------------------------------------------------------------

turned <- respondents[well]
turned$well_3 <- 6 - turned$well_3
kept <- turned[complete.cases(turned), ]
by_psych <- alpha(kept, check.keys = FALSE)
feldt <- alpha.ci(by_psych$total$raw_alpha, n.obs = nrow(kept), n.var = ncol(kept))
factor <- factanal(kept, 1, control = list(opt = list(factr = 1e2, pgtol = 0)))
loading <- as.vector(factor$loadings) * sign(sum(factor$loadings))
spread <- apply(kept, 2, sd)
common_part <- sum(spread * loading)^2

# --- cases ----------------------------------------------------------------------------------------------------

# One row per number: what it is called, and its place (of matrices, row by row).
case_of <- function(call, found) {
  rows <- lapply(names(found), function(name) {
    value <- if (is.matrix(found[[name]])) as.vector(t(found[[name]])) else as.vector(found[[name]])
    data.frame(name = name, row = seq_along(value) - 1, value = value)
  })
  add_case(call, do.call(rbind, rows))
}

reference$more$packages <- paste(vapply(c("eRm", "psych"), function(package) {
  paste(package, packageVersion(package))
}, ""), collapse = ", ")

case_of("rasch(food)", c(
  list(severity = severity, se = model$se.beta, log_likelihood = model$loglik,
       measure = persons$thetapar$NAgroup1[first_with], error = persons$se.theta$NAgroup1[first_with],
       reliability = reliability_of(measure_of(severity), counts_of(ones))),
  fit_of(severity, ones)
))
case_of("rasch(food, weights)", c(
  list(severity = weighted, design_se = severity_error(),
       reliability = reliability_of(measure_of(weighted), counts_of(respondents$w))),
  measure_of(weighted), fit_of(weighted, respondents$w)
))
case_of("fies(food, weights)", list(by_raw_score = by_raw, common = as.numeric(common)))
case_of("prevalence(sample)", jackknifed(rep(TRUE, nrow(x))))
case_of("prevalence(sample, by='area', level='north')", jackknifed(respondents$area == "north"))
case_of("prevalence(sample, by='area', level='south')", jackknifed(respondents$area == "south"))
case_of("reliability(well)", list(
  alpha = by_psych$total$raw_alpha, standardised = by_psych$total$std.alpha,
  low = feldt$lower.ci, high = feldt$upper.ci, item_rest = by_psych$item.stats$r.drop,
  loadings = loading, omega = common_part / (common_part + sum(spread^2 * factor$uniquenesses)), n = nrow(kept)
))
write_reference("scales.json")
