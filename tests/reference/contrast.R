# Contrasts of estimates: Rscript tests/reference/contrast.R
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))

key <- "row" # contrasts come in the order they are asked for
columns <- c(
  "row", "statistic", "estimate", "se", "low", "high", "df", "null", "t", "p", "p_adjusted", "adjust", "tests", "n"
)

# --- estimates that can be compared ---------------------------------------------------------------------------

# What a call returns, row by row: every estimate is a total, or a ratio of two totals, of columns that are zero
# outside its own usable answers. So any estimates of one sample can be compared, however their answers are missing.
estimates_of <- function(design, verb, what, by = NULL) {
  questions <- if (verb == "ratio") list(what) else as.list(what)
  unlist(lapply(questions, function(question) {
    unlist(lapply(options_of(design, verb, question), function(option) {
      lapply(domains(design$variables, by), function(domain) estimate_of(design, verb, question, option, domain))
    }), recursive = FALSE)
  }), recursive = FALSE)
}

options_of <- function(design, verb, question) {
  answers <- design$variables[[question[1]]]
  if (verb == "share" && is.character(answers)) sort(unique(na.omit(answers)), method = "radix") else NA
}

estimate_of <- function(design, verb, question, option, domain) {
  used <- domain$member & complete.cases(design$variables[question]) & weights(design, "sampling") > 0
  column <- function(name) {
    answers <- design$variables[[name]]
    ifelse(used, if (is.na(option)) answers else as.numeric(answers == option), 0)
  }
  list(
    above = column(question[1]), used = used, by = domain$by, option = if (is.na(option)) "" else option,
    indicator = paste(question, collapse = "/"),
    below = if (verb == "ratio") column(question[2]) else if (verb != "total") as.numeric(used)
  )
}

# --- comparing ------------------------------------------------------------------------------------------------

# sum(coefficient * estimate): its error is that of the total of its influence, and its degrees of freedom are those
# of the rows that any of its estimates uses (clusters with such a row less strata with such a row).
compared <- function(design, estimates, coefficients, null = 0, level = 0.95) {
  estimates <- estimates[coefficients != 0]
  coefficients <- coefficients[coefficients != 0]
  values <- vapply(estimates, value_of, 0, design = design)
  influence <- Reduce(`+`, Map(`*`, coefficients, lapply(estimates, influence_of, design = design)))
  used <- Reduce(`|`, lapply(estimates, `[[`, "used"))
  estimate <- sum(coefficients * values)
  se <- if (is.na(estimate)) NA_real_ else rounded(as.vector(SE(svytotal(influence, design))), values)
  row <- list(estimate = estimate, se = se, df = degf(design[used, ]), null = null, n = respondents_of(estimates))
  if (!is.na(se) && se > 0) check_against_totals(design, estimates, coefficients, row)
  row <- c(row, symmetric(estimate, se, level, row$df))
  row$t <- if (!is.na(se) && se > 0 && row$df > 0) (estimate - null) / se else NA_real_
  row$p <- if (row$df > 0) 2 * pt(-abs(row$t), row$df) else NA_real_
  list(row = row, influence = influence)
}

# Answers of one cluster only, or all the same, have influences that add up to zero there, but for the last digits.
rounded <- function(se, values) if (se < 1e-12 * max(1, abs(values))) 0 else se

# Respondents of different groups are added up; of questions asked of the same group the most answered counts.
respondents_of <- function(estimates) {
  n <- vapply(estimates, function(estimate) sum(estimate$used), 0)
  sum(tapply(n, vapply(estimates, function(estimate) paste(estimate$by, estimate$round), ""), max))
}

value_of <- function(estimate, design) {
  above <- sum(estimate$above * weights(design))
  if (is.null(estimate$below)) above else above / sum(estimate$below * weights(design))
}

influence_of <- function(estimate, design) {
  if (is.null(estimate$below)) return(estimate$above)
  (estimate$above - value_of(estimate, design) * estimate$below) / sum(estimate$below * weights(design))
}

# The same from svycontrast: a quoted expression of totals, differentiated by the survey package.
check_against_totals <- function(design, estimates, coefficients, row) {
  parts <- lapply(seq_along(estimates), function(i) {
    below <- estimates[[i]]$below
    cbind(estimates[[i]]$above, if (is.null(below)) NULL else below)
  })
  names <- unlist(lapply(seq_along(parts), function(i) sprintf("%s%d", c("a", "b")[seq_len(ncol(parts[[i]]))], i)))
  totals <- svytotal(do.call(cbind, parts), design)
  names(totals) <- names
  one <- ifelse(vapply(parts, ncol, 0L) == 2, sprintf("a%1$d / b%1$d", seq_along(parts)),
                sprintf("a%d", seq_along(parts)))
  expression <- str2lang(paste(sprintf("(%.17g) * %s", coefficients, one), collapse = " + "))
  theirs <- svycontrast(totals, list(contrast = expression))
  agree(coef(theirs), row$estimate, 1e-10 * max(1, abs(row$estimate)))
  agree(as.vector(SE(theirs)) / row$se, 1, 1e-8)
  counted$totals <- counted$totals + 1
}

# The same from svyby(covmat = TRUE), where one question is compared between groups.
check_against_svyby <- function(design, verb, what, by, coefficients, rows) {
  if (length(what) > 1 || is.null(by) || is.character(design$variables[[what]])) return(invisible())
  base <- base_of(design, TRUE, what, by)
  base <- update(base, .answer = base$variables[[what]])
  each <- svyby(~.answer, reformulate(rev(by)), base, if (verb == "total") svytotal else svymean, covmat = TRUE)
  asked <- vapply(domains(design$variables, by), `[[`, "", "by")
  found <- apply(as.data.frame(each)[by], 1, function(level) paste0(by, "=", escape(level), collapse = ";"))
  for (i in which(!is.na(rows$se))) {
    theirs <- svycontrast(each, coefficients[[i]][match(found, asked)])
    agree(coef(theirs), rows$estimate[i], 1e-10 * max(1, abs(rows$estimate[i])))
    agree(SE(theirs), rows$se[i], 1e-8 * rows$se[i] + 1e-12)
    counted$svyby <- counted$svyby + 1
  }
}

agree <- function(a, b, tolerance) stopifnot(max(abs(as.vector(a) - as.vector(b))) <= tolerance)
counted <- new.env()
counted$totals <- counted$svyby <- 0

# One family: its p-values are adjusted together; with max-t its intervals hold together.
family <- function(design, estimates, coefficients, null, adjust, level) {
  found <- lapply(coefficients, function(one) compared(design, estimates, one, null, level))
  rows <- do.call(rbind, lapply(found, function(one) as.data.frame(one$row)))
  rows$adjust <- adjust
  rows$tests <- sum(!is.na(rows$p))
  if (adjust == "max-t") return(simultaneous(rows, sapply(found, `[[`, "influence"), design, level))
  rows$p_adjusted <- p.adjust(rows$p, c(none = "none", holm = "holm", `benjamini-hochberg` = "BH")[[adjust]])
  rows
}

# The largest of |t| when nothing differs: at most two of the contrasts are linearly independent here, so t lies on a
# plane, and its distribution is F with 2 degrees of freedom along every direction of the plane. Contrasts with fewer
# degrees of freedom keep their own t, and are joined by their p-values at the most degrees of freedom.
simultaneous <- function(rows, influence, design, level) {
  joint <- max(rows$df)
  farthest <- farthest_along(cov2cor(vcov(svytotal(influence, design))))
  beyond <- function(reach) mean(pf(reach^2 / (2 * farthest^2), 2, joint, lower.tail = FALSE))
  rows$p_adjusted <- vapply(qt(rows$p / 2, joint, lower.tail = FALSE), beyond, 0)
  limit <- uniroot(function(reach) beyond(reach) - (1 - level), c(1, 20), tol = 1e-12)$root
  reach <- qt(pt(-limit, joint), rows$df, lower.tail = FALSE) * rows$se
  rows$low <- rows$estimate - reach
  rows$high <- rows$estimate + reach
  rows
}

# The largest |t| along each direction of the plane, at evenly spaced angles.
farthest_along <- function(correlation, angles = 4e5) {
  axes <- eigen(correlation, symmetric = TRUE)
  stopifnot(all(abs(axes$values[-(1:2)]) < 1e-9))
  plane <- sweep(axes$vectors[, 1:2], 2, sqrt(axes$values[1:2]), "*")
  angle <- (seq_len(angles) - 0.5) * pi / angles
  apply(abs(plane %*% rbind(cos(angle), sin(angle))), 2, max)
}

# --- the calls ------------------------------------------------------------------------------------------------

contrast <- function(sample, verb, what, by = NULL, coefficients, null = NULL, adjust = NULL, level = NULL) {
  design <- reference$designs[[sample]]
  options(survey.lonely.psu = reference$lonely[[sample]])
  estimates <- estimates_of(design, verb, what, by)
  full <- lapply(coefficients, function(given) {
    replace(numeric(length(estimates)), as.integer(names(given)) + 1, given)
  })
  rows <- family(design, estimates, full, or(null, 0), or(adjust, "none"), or(level, 0.95))
  check_against_svyby(design, verb, what, by, full, rows)
  written <- gsub("'([0-9]+)':", "\\1:", python_value(lapply(coefficients, as.list)))
  given <- list(null = null, adjust = adjust, level = level)
  rows$statistic <- "contrast"
  record("contrast", call_of(verb, sample, what, by), written, given, rows)
}

# Each level less the reference level; of all pairs, the later less the earlier.
differences <- function(sample, verb, what, by, group, reference = NULL, adjust = NULL, level = NULL) {
  design <- get("reference", globalenv())$designs[[sample]]
  estimates <- estimates_of(design, verb, what, by)
  levels <- sort(unique(na.omit(design$variables[[group]])), method = "radix")
  pairs <- if (is.null(reference)) combn(levels, 2, simplify = FALSE) else
    lapply(setdiff(levels, reference), function(level) c(reference, level))
  full <- pairs_of(estimates, group, pairs)
  rows <- family(design, estimates, full, 0, or(adjust, "holm"), or(level, 0.95))
  check_against_svyby(design, verb, what, by, full, rows)
  given <- list(reference = reference, adjust = adjust, level = level)
  rows$statistic <- paste0(verb, "_difference")
  record("differences", call_of(verb, sample, what, by), python_value(group), given, rows)
}

# Within every other group and option, in the order of the estimates.
pairs_of <- function(estimates, group, pairs) {
  by <- vapply(estimates, `[[`, "", "by")
  part <- paste0(group, "=", escape(unlist(pairs)))
  one <- function(by) strsplit(by, ";", fixed = TRUE)[[1]]
  rest <- vapply(by, function(by) paste(setdiff(one(by), part), collapse = ";"), "")
  item <- cumsum(by == by[1])
  unlist(lapply(unique(paste(item, rest)), function(within) {
    here <- which(paste(item, rest) == within)
    lapply(pairs, function(pair) {
      named <- function(level) vapply(by[here], function(by) paste0(group, "=", escape(level)) %in% one(by), NA)
      at <- vapply(pair, function(level) here[named(level)], 0L)
      replace(numeric(length(estimates)), at, c(-1, 1))
    })
  }), recursive = FALSE)
}

call_of <- function(verb, sample, what, by) {
  positional <- if (verb == "ratio") as.list(what) else list(if (length(what) > 1) as.list(what) else what)
  given <- list(by = if (length(by) > 1) as.list(by) else by, method = if (verb == "share") "wald") # R's interval
  python_call(verb, sample, given, quoted = positional)
}

record <- function(verb, estimates, second, given, rows) {
  named <- python_call(verb, paste(estimates, second, sep = ", "), given)
  rows$row <- seq_len(nrow(rows)) - 1
  add_case(named, rows[columns])
}

or <- function(given, otherwise) if (is.null(given)) otherwise else given

# --- cases ----------------------------------------------------------------------------------------------------

minus <- function(a, b) setNames(c(1, -1), c(a, b))
areas <- list(`first - second` = minus(0, 1), `first - third` = minus(0, 2),
              `first - others` = c(`0` = 1, `1` = -0.5, `2` = -0.5))
for (sample in names(reference$designs)) contrast(sample, "share", "phone", "area", areas)
for (sample in c("clustered", "clustered_fpc", "elements_fpc")) {
  contrast(sample, "mean", "income", "area", areas, adjust = "holm")
  contrast(sample, "total", "children", "hukou", list(gap = minus(0, 1)), level = 0.9)
  contrast(sample, "ratio", c("food", "spend"), "area", areas, adjust = "benjamini-hochberg")
  contrast(sample, "mean", c("phone", "flooded", "visited", "hours"), NULL, adjust = "holm", coefficients = list(
    `phone - flooded` = minus(0, 1), `phone - visited` = minus(0, 2), sum = c(`0` = 1, `1` = 1, `2` = 1),
    `hours - 3` = c(`3` = 1)
  ))
  contrast(sample, "share", c("phone", "ledger"), "area", list(
    `gap of gaps` = c(`0` = 1, `1` = -1, `3` = -1, `4` = 1), alone = c(`2` = 1, `5` = 0)
  ))
}
contrast("clustered", "share", "barrier", NULL, list(`cost - none` = minus(0, 2), all = c(`0` = 1, `1` = 1, `2` = 1)))
contrast("clustered", "share", "phone", c("area", "hukou"), adjust = "benjamini-hochberg", coefficients = list(
  one = minus(0, 1), two = minus(2, 3), three = minus(4, 5), mix = c(`0` = 0.2, `2` = 0.3, `4` = 0.5)
))
contrast("clustered", "share", "ledger", "area", list(`all - some` = minus(1, 0)), null = 0.5, level = 0.9)
contrast("clustered", "mean", "hours", NULL, list(hours = c(`0` = 1)), null = 3)
contrast("clustered_fpc", "share", "phone", "stayed", list(`yes` = c(`1` = 1), `no - yes` = minus(0, 1)))
contrast("elements", "share", "flooded", "area", list(never = c(`2` = 1), gap = minus(0, 2)))
contrast("clustered", "share", "phone", "area", adjust = "max-t", coefficients = areas)
contrast("clustered_fpc", "mean", c("income", "hours"), NULL, null = 3, adjust = "max-t",
         coefficients = list(income = c(`0` = 0.001), hours = c(`1` = 1)))

differences("clustered", "share", "phone", "area", "area")
differences("clustered", "share", "phone", "area", "area", adjust = "max-t", level = 0.9)
differences("clustered_fpc", "mean", c("income", "children"), "hukou", "hukou", adjust = "none")
differences("clustered", "share", "barrier", "area", "area", reference = "村庄", adjust = "benjamini-hochberg")
differences("elements_fpc", "share", "phone", c("area", "hukou"), "hukou")
differences("clustered", "total", "children", c("hukou", "area"), "area", reference = "城中村", level = 0.9)
differences("unstratified_fpc", "ratio", c("food", "spend"), c("area", "hukou"), "area")
differences("clustered", "mean", "visited", "stratum", "stratum", reference = "南郊")
message(sprintf("%d contrasts checked against svycontrast of totals, %d of svyby", counted$totals, counted$svyby))
write_reference("contrast.json")
