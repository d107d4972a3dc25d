# Every question of the Haiti survey, nationally and by rural and urban, from R's survey package:
#
#   Rscript benchmarks/haiti/tabulate.R DATA_FOLDER OUT.json [SAMPLE] [--added=FILE.csv]
#
# DATA_FOLDER holds main.csv.gz, survey.csv and choices.csv. SAMPLE draws that many questions (seeded); all without.
# FILE.csv has the columns question and option: answers that cleaning added after the form was fielded.
#
# Missing: an empty cell, nsp, pnpr, and what is neither in the form's list nor in FILE.csv. The base of a
# select-multiple is everyone with at least one known option. A row of OUT.json is
# [question, option, statistic, by, estimate, se, df, n]; a group in which nobody answered has no row.

source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "haiti.R"))

main <- function() {
  given <- arguments(2, "usage: Rscript tabulate.R DATA_FOLDER OUT.json [SAMPLE] [--added=FILE.csv]")
  file <- sub("^--added=", "", grep("^--added=", given$flags, value = TRUE))
  added <- if (length(file)) read.csv(file, colClasses = "character")
  started <- proc.time()[["elapsed"]]
  survey <- read_survey(given$plain[1], added)
  questions <- survey$questions
  if (length(given$plain) > 2) {
    set.seed(2022)
    questions <- questions[sort(sample(length(questions), as.integer(given$plain[3])))]
  }
  rows <- do.call(rbind, lapply(questions, tabulated, design = survey$design))
  write_rows(rows, given$plain[2])
  message(sprintf("%d questions, %d rows in %.1f s", length(questions), nrow(rows),
                  proc.time()[["elapsed"]] - started))
}

tabulated <- function(question, design) {
  answers <- answers_to(question, design$variables)
  milieu <- design$variables$milieu
  groups <- c("", paste0("milieu=", sort(unique(milieu[milieu != ""]), method = "radix")))
  do.call(rbind, lapply(groups, function(by) {
    member <- answers$usable & (by == "" | paste0("milieu=", milieu) == by)
    if (any(member)) estimated(question, design, answers$values, which(member), by)
  }))
}

# All options of a question share one base, so one call gives them all.
estimated <- function(question, design, values, rows, by) {
  base <- design[rows, ]
  result <- svymean(values[rows, , drop = FALSE], base)
  data.frame(
    question = question$name,
    option = if (question$kind == "integer") "" else question$options,
    statistic = if (question$kind == "integer") "mean" else "share",
    by = by, estimate = as.vector(coef(result)), se = sqrt(diag(as.matrix(vcov(result)))),
    df = degf(base), n = length(rows)
  )
}

write_rows <- function(rows, path) {
  json <- function(value) as.character(jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA, na = "null"))
  lines <- sprintf("    [%s,%s,%s,%s,%s,%s,%d,%d]",
                   vapply(rows$question, json, ""), vapply(rows$option, json, ""), vapply(rows$statistic, json, ""),
                   vapply(rows$by, json, ""), vapply(rows$estimate, json, ""), vapply(rows$se, json, ""),
                   rows$df, rows$n)
  head <- sprintf('  "R": "%s.%s",\n  "survey": "%s",\n  "columns": %s,', R.version$major, R.version$minor,
                  packageDescription("survey")$Version, json(names(rows)))
  text <- c("{", head, '  "rows": [', paste(lines, collapse = ",\n"), "  ]", "}")
  writeLines(enc2utf8(text), path, useBytes = TRUE)
}

main()
