# Small areas: Rscript tests/reference/small_areas.R
#
# The model of Fay and Herriot with full matrices, so that nothing is shared with the sums of the library:
# V = σ² I + diag(ψ), P = V⁻¹ − V⁻¹X(XᵀV⁻¹X)⁻¹XᵀV⁻¹. The restricted likelihood is maximised between two points of a grid
# and polished on its slope; predictions and their errors come from Henderson's mixed-model equations.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

key <- "by"
given <- c("by", "statistic", "n", "direct_df", "deff", "direct", "direct_se", "x1", "x2", "x3")
columns <- c(given, "estimate", "se", "low", "high", "df", "sampling_se", "shrinkage", "area_variance", "method")
reference$more$models <- list() # what the frame does not show: coefficients, and the likelihood

# --- the model ------------------------------------------------------------------------------------------------

likelihood <- function(s, y, psi, X) {
  inverse <- solve(diag(s + psi))
  P <- inverse - inverse %*% X %*% solve(t(X) %*% inverse %*% X, t(X) %*% inverse)
  sizes <- determinant(diag(s + psi))$modulus + determinant(t(X) %*% inverse %*% X)$modulus
  list(value = -as.numeric(sizes + t(y) %*% P %*% y) / 2, slope = (sum((P %*% y)^2) - sum(diag(P))) / 2)
}

reml <- function(y, psi, X) {
  value <- Vectorize(function(s) likelihood(s, y, psi, X)$value)
  slope <- function(s) likelihood(s, y, psi, X)$slope
  far <- 10 * max(psi, var(y))
  grid <- c(0, exp(seq(log(far * 1e-8), log(far), length.out = 400)))
  top <- which.max(value(grid))
  around <- grid[c(max(top - 1, 1), min(top + 1, length(grid)))]
  rough <- optimize(value, around, maximum = TRUE, tol = 1e-10 * far)
  if (value(0) >= rough$objective) {
    stopifnot(slope(0) <= 0)
    return(0)
  }
  exact <- uniroot(slope, around, tol = 1e-16 * far, maxiter = 2000)$root
  stopifnot(abs(exact - rough$maximum) < 1e-5 * far, value(exact) >= rough$objective - 1e-9)
  exact
}

# Rows without a direct estimate have an infinite ψ; they take part in nothing but the prediction.
small_areas <- function(y, psi, X, level) {
  seen <- is.finite(psi)
  m <- sum(seen)
  s <- reml(y[seen], psi[seen], X[seen, , drop = FALSE])
  inverse <- solve(diag(s + psi[seen]))
  V_beta <- solve(t(X[seen, ]) %*% inverse %*% X[seen, ])
  beta <- V_beta %*% t(X[seen, , drop = FALSE]) %*% inverse %*% y[seen]
  V_s <- 2 / sum(diag(inverse %*% inverse))
  if (s > 0) {
    prediction <- mixed_model(y, psi, X, s, seen)
  } else {
    prediction <- list(value = X %*% beta, error = diag(X %*% V_beta %*% t(X)))
  }
  # the derivative of γ in σ², squared, times the variance of what it multiplies
  moving <- ifelse(seen, (psi / (s + psi)^2)^2 * (s + psi), 0) * V_s
  list(value = as.vector(prediction$value), mse = prediction$error + 2 * moving, gamma = ifelse(seen, s / (s + psi), 0),
       s = s, beta = as.vector(beta), V_beta = V_beta, df = m - ncol(X),
       loglik = likelihood(s, y[seen], psi[seen], X[seen, , drop = FALSE])$value)
}

# Henderson: the inverse of the left-hand side is the covariance of (β̂ − β, û − u).
mixed_model <- function(y, psi, X, s, seen) {
  Z <- diag(length(psi))
  R <- ifelse(seen, 1 / psi, 0)
  y <- ifelse(seen, y, 0)
  W <- cbind(X, Z)
  left <- t(W) %*% (W * R)
  random <- ncol(X) + seq_along(psi)
  diag(left)[random] <- diag(left)[random] + 1 / s
  C <- solve(left)
  list(value = W %*% (C %*% (t(W) %*% (R * y))), error = diag(W %*% C %*% t(W)))
}

# d p (1 − p) / n for shares, v / n otherwise; see the library's notes.
smoothed <- function(areas) {
  seen <- which(areas$n > 0)
  d <- areas[seen, ]
  if (d$statistic[1] == "share") {
    many <- which(d$direct_df > 0 & d$direct > 0 & d$direct < 1)
    effect <- weighted.mean(d$deff[many], (d$direct_df * d$direct * (1 - d$direct))[many])
    p <- weighted.mean(d$direct, d$n)
    unit <- effect * p * (1 - p)
  } else {
    unit <- weighted.mean(d$n * d$direct_se^2, d$direct_df)
  }
  psi <- rep(Inf, nrow(areas))
  psi[seen] <- unit / d$n
  psi
}

# --- cases ----------------------------------------------------------------------------------------------------

model_case <- function(call, areas, covariates = character(), smooth = TRUE, level = 0.95) {
  for (name in setdiff(given, names(areas))) areas[[name]] <- NA_real_
  psi <- if (smooth) smoothed(areas) else ifelse(areas$n > 0, areas$direct_se^2, Inf)
  X <- cbind(1, as.matrix(areas[covariates]))
  fit <- small_areas(areas$direct, psi, X, level)
  share <- areas$statistic[1] == "share"
  inside <- function(values) if (share) pmin(pmax(values, 0), 1) else values
  reach <- qt((1 + level) / 2, fit$df) * sqrt(fit$mse)
  rows <- data.frame(
    areas[given], estimate = inside(fit$value), se = sqrt(fit$mse), low = inside(fit$value - reach),
    high = inside(fit$value + reach), df = fit$df, sampling_se = ifelse(is.finite(psi), sqrt(psi), NA),
    shrinkage = fit$gamma, area_variance = fit$s, method = ifelse(is.finite(psi), "fay-herriot", "synthetic")
  )
  add_case(call, rows[columns])
  reference$more$models <- c(reference$more$models, list(list(
    call = call, covariates = I(covariates), coefficients = I(fit$beta), covariance = unname(fit$V_beta),
    log_likelihood = fit$loglik
  )))
}

# Areas that were made up here: the call gets the first columns of the rows, and what is named after them.
areas_case <- function(name, areas, covariates = character(), smooth = TRUE, level = 0.95) {
  call <- sprintf(
    "small_area(%s, %s, smooth_variance=%s, level=%s)",
    name, python_value(as.list(covariates)), if (smooth) "True" else "False", format(level)
  )
  areas$by <- paste0("community=", escape(areas$area))
  model_case(call, areas, covariates, smooth, level)
}

# Areas of a sample: direct estimates by R's survey package.
sample_case <- function(verb, sample, question, by, covariate = NULL, level = 0.95) {
  design <- reference$designs[[sample]]
  areas <- do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    base <- base_of(design, domain$member, question)
    row <- common(base)
    mean <- svymean(base$variables[[question]], base, deff = "replace")
    data.frame(by = domain$by, statistic = verb, n = row$n, direct_df = row$df, direct = as.vector(coef(mean)),
               deff = as.vector(deff(mean)), direct_se = as.vector(SE(mean)))
  }))
  direct <- python_call(verb, sample, list(by = by), quoted = question)
  if (is.null(covariate)) return(model_case(sprintf("small_area(%s)", direct), areas))
  areas$x1 <- covariate
  names <- gsub("%3D", "=", sub("^[^=]*=", "", areas$by))
  table <- sprintf("DataFrame(%s, index=%s)", python_value(list(x = covariate)), python_value(names))
  model_case(sprintf("small_area(%s, %s, level=%s)", direct, table, format(level)), areas, "x1", level = level)
}

# Yearly spending on fresh milk in 43 areas of the United States, 1989: sample size, mean and standard error
# (used by Arora and Lahiri 1997, Statistica Sinica 7, 1053-1063), and the four groups of You and Chapman (2006,
# Survey Methodology 32, 97-103).
milk <- data.frame(
  area = 1:43,
  n = c(191, 633, 597, 221, 195, 191, 183, 188, 204, 188, 149, 290, 250, 194, 184, 193, 218, 266, 214, 213, 196, 95,
        195, 187, 479, 230, 186, 199, 238, 207, 165, 153, 210, 383, 255, 226, 224, 212, 211, 179, 312, 241, 205),
  direct = c(1.099, 1.075, 1.105, 0.628, 0.753, 0.981, 1.257, 1.095, 1.405, 1.356, 0.615, 1.460, 1.338, 0.854, 1.176,
             1.111, 1.257, 1.430, 1.278, 1.292, 1.002, 1.183, 1.044, 1.267, 1.193, 0.791, 0.795, 0.759, 0.796, 0.565,
             0.886, 0.952, 0.807, 0.582, 0.684, 0.787, 0.440, 0.759, 0.770, 0.800, 0.756, 0.865, 0.640),
  direct_se = c(0.163, 0.080, 0.083, 0.109, 0.119, 0.141, 0.202, 0.127, 0.168, 0.178, 0.100, 0.201, 0.148, 0.143, 0.149,
                0.145, 0.135, 0.172, 0.137, 0.163, 0.125, 0.247, 0.140, 0.171, 0.106, 0.121, 0.121, 0.259, 0.106, 0.089,
                0.225, 0.205, 0.119, 0.067, 0.106, 0.126, 0.092, 0.132, 0.100, 0.113, 0.083, 0.121, 0.129),
  statistic = "mean"
)
major <- rep(1:4, c(7, 7, 11, 18))
milk[c("x1", "x2", "x3")] <- sapply(2:4, function(group) as.numeric(major == group))
areas_case("milk", milk, c("x1", "x2", "x3"), smooth = FALSE)
areas_case("milk", milk, smooth = FALSE, level = 0.9)

# Communities with 1 to 60 respondents: shares of 0 and 1, one cluster (no degrees of freedom, a standard error of 0),
# nobody who answered, and communities that only the covariates know.
set.seed(20250511)
n <- c(1, 3, 3, 5, 6, 8, 8, 9, 10, 12, 12, 14, 15, 18, 20, 20, 20, 24, 25, 28, 30, 40, 45, 60, 0, 0, 0)
shares <- data.frame(area = sprintf("community %d;=%%", seq_along(n)), n = n, statistic = "share")
shares$x1 <- round(rnorm(length(n)), 2)
shares$x2 <- round(runif(length(n), 0, 100), 1)
truth <- plogis(-0.5 + 0.8 * shares$x1 + rnorm(length(n), 0, 1))
shares$direct <- ifelse(n > 0, rbinom(length(n), n, truth) / n, NA)
shares$direct_df <- ifelse(n > 0, pmax(ceiling(n / 6) - 1, 0), NA)
effect <- ifelse(shares$direct_df == 0, 0, round(runif(length(n), 0.7, 2.4), 3))
se_of <- function(p) sqrt(effect * p * (1 - p) / pmax(n - 1, 1))
shares$deff <- ifelse(shares$direct %in% c(0, 1), NA, effect)
shares$direct_se <- se_of(shares$direct)
stopifnot(c(0, 1) %in% shares$direct)
areas_case("communities", shares)
areas_case("communities", shares, "x1")
areas_case("communities", shares, c("x1", "x2"), level = 0.8)
areas_case("seen", shares[n > 0, ], c("x2", "x1"))

# A need so rare that intervals reach below 0, and one that all communities share alike: no variance between them.
rare <- transform(shares, direct = ifelse(n > 0, ceiling(direct * n / 6) / pmax(n, 1) / 2, NA))
rare$direct_se <- se_of(rare$direct)
areas_case("rare", rare)
alike <- transform(shares, direct = ifelse(n > 0, round(0.4 * n) / pmax(n, 1), NA))
alike$direct_se <- se_of(alike$direct)
areas_case("alike", alike)
areas_case("alike", alike, c("x1", "x2"))

# Incomes: large numbers, smoothed and not; as few areas as the model allows.
incomes <- data.frame(area = letters[1:12], n = c(4, 7, 9, 12, 15, 18, 22, 26, 31, 38, 47, 55), statistic = "mean")
incomes$x1 <- round(rnorm(12, 50, 10), 1)
incomes$direct <- round(4000 + 30 * incomes$x1 + rnorm(12, 0, 700), 1)
incomes$direct_se <- round(1500 / sqrt(incomes$n) * runif(12, 0.5, 1.6), 1)
incomes$direct_df <- c(0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 9)
areas_case("incomes", incomes, "x1")
areas_case("incomes", incomes, "x1", smooth = FALSE)
areas_case("incomes", incomes)
areas_case("three", incomes[c(3, 8, 12), ], "x1", smooth = FALSE)
areas_case("two", incomes[c(3, 12), ], smooth = FALSE)

# Few precise areas beside many poor ones: the likelihood has two tops, of which the lower or the upper is higher.
two_tops <- function(direct, precise, poor) {
  variance <- c(rep(precise, 2), rep(poor, length(direct) - 2))
  data.frame(area = seq_along(direct), n = 20, statistic = "mean", direct = direct, direct_se = sqrt(variance))
}
areas_case("lower", two_tops(c(-0.09, -0.10, -4.20, -6.09, -1.99, 2.92, -2.01), 0.01, 4), smooth = FALSE)
areas_case("upper", two_tops(c(-0.09, -0.12, -4.40, -6.29, -1.99, 3.12, -2.01), 0.01, 4), smooth = FALSE)

# From the answers on: villages as strata, so that their respondents are the units; strata with several clusters each.
sample_as("villages", weight = "w", strata = "village")
for (question in c("phone", "out_of_school", "flooded")) sample_case("share", "villages", question, "village")
for (question in c("income", "hours")) sample_case("mean", "villages", question, "village")
for (question in c("phone", "ledger")) sample_case("share", "clustered_fpc", question, "stratum")
sample_case("mean", "clustered", "income", "stratum", c(1.5, 0.2, 3.1, 2.2, 0.7, 1.9), level = 0.9)

write_reference("small_areas.json")
