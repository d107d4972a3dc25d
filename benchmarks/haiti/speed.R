# What R's survey package needs for the tables that `xzz tabulate` makes of the Haiti survey:
#
#   Rscript benchmarks/haiti/speed.R DATA_FOLDER [QUESTIONS]
#
# Draws QUESTIONS questions (default 20, seeded), makes their tables for the whole, by milieu, by admin1 and by
# stratum, and prints seconds per estimate and the time scaled to every question. Two ways for shares: svyby with
# svymean, all options of a question in one call (the fastest a user can write; Wald intervals), and svyby with
# svyciprop, option by option (intervals fit for shares). Reading the files and making the design are not timed.

source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "haiti.R"))

GROUPINGS <- c("", "milieu", "admin1", "stratum")
PROBS <- c(0.25, 0.5, 0.75)
WAYS <- list(
  shares = c("svymean", "svyciprop beta", "svyciprop logit"),
  numbers = c("svymean", "svyquantile")
)

main <- function() {
  given <- arguments(1, "usage: Rscript speed.R DATA_FOLDER [QUESTIONS]")
  survey <- read_survey(given$plain[1])
  set.seed(2022)
  wanted <- if (length(given$plain) > 1) as.integer(given$plain[2]) else 20
  drawn <- survey$questions[sort(sample(length(survey$questions), min(wanted, length(survey$questions))))]
  all <- totals(survey$questions, survey$design$variables)
  timed <- do.call(rbind, lapply(drawn, time_question, design = survey$design))
  report(timed, all, length(drawn), length(survey$questions))
}

# Estimates in the tables of all questions: groups with answers × options, or × mean and quantiles.
totals <- function(questions, data) {
  groups <- lapply(questions, function(question) {
    usable <- answers_to(question, data)$usable
    if (!any(usable)) return(0)
    sum(vapply(GROUPINGS, function(by) if (by == "") 1L else length(unique(data[[by]][usable])), 0L))
  })
  number <- vapply(questions, function(question) question$kind == "integer", TRUE)
  options <- vapply(questions, function(question) length(question$options), 0L)
  groups <- unlist(groups)
  c("shares svymean" = sum(groups * options), "shares svyciprop beta" = sum(groups * options),
    "shares svyciprop logit" = sum(groups * options), "numbers svymean" = sum(groups[number]),
    "numbers svyquantile" = sum(groups[number]) * length(PROBS))
}

time_question <- function(question, design) {
  kind <- if (question$kind == "integer") "numbers" else "shares"
  answers <- answers_to(question, design$variables)
  if (!any(answers$usable)) return(NULL)
  columns <- paste0("answer", seq_len(ncol(answers$values)))
  design$variables[columns] <- as.data.frame(answers$values)
  base <- design[which(answers$usable), ]
  grid <- expand.grid(by = GROUPINGS, way = WAYS[[kind]], stringsAsFactors = FALSE)
  rows <- Map(function(by, way) {
    groups <- if (by == "") 1 else length(unique(base$variables[[by]]))
    clock <- system.time(done <- table_of(way, columns, by, base))[["elapsed"]]
    data.frame(work = paste(kind, way), seconds = clock, failed = !done,
               estimates = groups * length(columns) * if (way == "svyquantile") length(PROBS) else 1)
  }, grid$by, grid$way)
  do.call(rbind, rows)
}

# FALSE where the package stops: it has no quantile interval for a group within one cluster a stratum, for one.
table_of <- function(way, columns, by, base) {
  tryCatch(suppressWarnings({
    if (way == "svymean") means(reformulate(columns), by, base)
    if (way == "svyquantile") quantiles(reformulate(columns), by, base)
    if (way == "svyciprop beta") for (column in columns) shares(reformulate(column), by, base, "beta")
    if (way == "svyciprop logit") for (column in columns) shares(reformulate(column), by, base, "logit")
    TRUE
  }), error = function(problem) FALSE)
}

means <- function(formula, by, base) {
  result <- if (by == "") svymean(formula, base) else svyby(formula, reformulate(by), base, svymean)
  confint(result, df = degf(base))
}

shares <- function(formula, by, base, method) {
  if (by == "") return(svyciprop(formula, base, method = method))
  svyby(formula, reformulate(by), base, svyciprop, vartype = c("se", "ci"), method = method)
}

quantiles <- function(formula, by, base) {
  if (by == "") return(svyquantile(formula, base, PROBS, ci = TRUE))
  svyby(formula, reformulate(by), base, svyquantile, quantiles = PROBS, ci = TRUE, vartype = c("se", "ci"))
}

report <- function(timed, all, drawn, questions) {
  done <- aggregate(cbind(seconds, estimates) ~ work, timed[!timed$failed, ], sum)
  failed <- tapply(timed$failed, timed$work, sum)[done$work]
  per <- done$seconds / done$estimates
  scaled <- per * all[done$work]
  cat(sprintf("R %s.%s, survey %s; %d of %d questions, groupings: whole, milieu, admin1, stratum\n\n",
              R.version$major, R.version$minor, packageDescription("survey")$Version, drawn, questions))
  cat(sprintf("%-24s %10s %10s %12s %10s %12s %14s\n", "", "estimates", "seconds", "ms/estimate", "stopped",
              "all tables", "scaled seconds"))
  cat(sprintf("%-24s %10d %10.2f %12.3f %10d %12d %14.0f\n", done$work, as.integer(done$estimates), done$seconds,
              1000 * per, as.integer(failed), as.integer(all[done$work]), scaled), sep = "")
  names(scaled) <- done$work
  numbers <- sum(scaled[c("numbers svymean", "numbers svyquantile")], na.rm = TRUE)
  for (way in WAYS$shares) {
    shares <- paste("shares", way)
    count <- all[[shares]] + all[["numbers svymean"]] + all[["numbers svyquantile"]]
    cat(sprintf("\nall %d estimates, shares by %s: %.0f s", count, way, scaled[[shares]] + numbers))
  }
  cat("\n")
}

main()
