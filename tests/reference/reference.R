# What the reference scripts share: reading a fixture, declaring a sample once for R and for Python, and writing
# the cases. Every number comes from the survey package, or from a formula written here that is checked against it
# wherever it has one.
#
#   fixture <- "stages"                                           before this is sourced: fixtures/stages.csv
#   rows_like("share.R")                                          takes over how another script makes its rows
#   sample_as("name", weight = , strata = , cluster = , fpc = )   declares a design and its Python call
#   sample_from("name", design, "call")                           the same, where one is made from another
#   estimate("verb", "name", "column", by = , ...)                one case: R's rows and the Python call
#   write_reference("x.json")                                     writes all of them

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "fail", warn = 2)

here <- dirname(normalizePath(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))))
if (!exists("fixture")) fixture <- "households"
input <- sprintf("fixtures/%s.csv", fixture)
respondents <- read.csv(file.path(here, input), encoding = "UTF-8", na.strings = "", check.names = FALSE)

reference <- new.env()
reference$samples <- list()
reference$designs <- list()
reference$lonely <- list()
reference$cases <- list()
reference$more <- list() # what else is written into the file, by name

key <- key_of_estimates <- c("option", "statistic", "by") # what tells the rows of a case apart
columns <- c(
  "option", "statistic", "by", "estimate", "se", "low", "high", "df",
  "n", "n_need", "n_eff", "weighted_n", "deff"
)

# --- declaring ------------------------------------------------------------------------------------------------

# One column per stage in `strata` (NA: none), `cluster` and `fpc`; one fpc more than clusters makes the rows the last
# stage. A stage without fpc is with replacement (an infinite population) and the last that counts.
sample_as <- function(name, weight, strata = NULL, cluster = NULL, fpc = NULL, lonely = NULL) {
  stages <- if (is.null(fpc)) 1 else max(length(fpc), min(length(fpc) + 1, length(cluster)))
  units <- if (stages > length(cluster)) c(cluster, list(seq_len(nrow(respondents)))) else cluster[seq_len(stages)]
  sizes <- if (!is.null(fpc)) c(fpc, rep(list(Inf), stages - length(fpc)))
  design <- svydesign(
    ids = stage_columns(units), strata = stage_columns(strata), fpc = stage_columns(sizes),
    weights = stage_columns(weight), data = respondents, nest = !is.null(strata)
  )
  given <- list(weight = weight, strata = strata, cluster = cluster, fpc = fpc, lonely = lonely)
  sample_from(name, design, python_call("Sample", fixture, given), lonely)
}

stage_columns <- function(columns) {
  if (is.null(columns)) return(NULL)
  values <- lapply(columns, function(column) {
    if (is.na(column[1])) column <- 1
    if (is.character(column)) respondents[, column] else rep_len(column, nrow(respondents))
  })
  as.data.frame(values, col.names = seq_along(columns))
}

sample_from <- function(name, design, call, lonely = NULL) {
  reference$designs[[name]] <- design
  reference$lonely[[name]] <- if (is.null(lonely)) "fail" else lonely
  reference$samples[[name]] <- call
}

estimate <- function(verb, sample, ..., by = NULL, level = NULL, method = NULL, probs = NULL) {
  design <- reference$designs[[sample]]
  options(survey.lonely.psu = reference$lonely[[sample]])
  asked <- list(level = if (is.null(level)) 0.95 else level, method = method, probs = probs)
  rows <- do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    if (!any(usable(design, domain$member, ...))) return(NULL) # we say why there is nothing
    do.call(rbind, lapply(get(paste0("rows_of_", verb))(design, domain$member, ..., asked = asked), function(row) {
      row$by <- domain$by
      as.data.frame(row)[columns]
    }))
  }))
  given <- list(by = by, level = level, method = method, probs = if (!is.null(probs)) as.list(probs))
  add_case(python_call(verb, sample, given, quoted = c(...)), rows)
}

add_case <- function(call, rows) {
  id <- gsub("^-|-+$", "", gsub("[^A-Za-z0-9_.]+", "-", gsub("(by|method|level|probs)=", "\\1-", call)))
  reference$cases[[length(reference$cases) + 1]] <- list(id = id, call = call, rows = rows)
}

# The groups named by `by`: their rows, and their name as Estimates writes it (group=level;group=level).
domains <- function(frame, by) {
  if (is.null(by)) return(list(list(member = rep(TRUE, nrow(frame)), by = "")))
  levels <- unique(frame[complete.cases(frame[by]), by, drop = FALSE])
  levels <- levels[do.call(order, c(unname(as.list(levels)), method = "radix")), , drop = FALSE]
  lapply(seq_len(nrow(levels)), function(i) {
    same <- Reduce(`&`, lapply(by, function(group) frame[[group]] %in% levels[i, group]))
    list(member = same, by = paste0(by, "=", escape(unlist(levels[i, ])), collapse = ";"))
  })
}

escape <- function(text) gsub("=", "%3D", gsub(";", "%3B", gsub("%", "%25", text)))

# The covariance of means, item by item and group by group: R's variance of their influence on the full design.
covariance <- function(sample, questions, by) {
  design <- reference$designs[[sample]]
  options(survey.lonely.psu = reference$lonely[[sample]])
  parts <- expand.grid(domain = domains(design$variables, by), question = questions, stringsAsFactors = FALSE)
  influence <- mapply(function(domain, question) {
    mine <- usable(design, domain$member, question)
    weight <- weights(design, "sampling") * mine
    y <- ifelse(mine, design$variables[[question]], 0)
    (y - sum(weight * y) / sum(weight)) * weight / sum(weight)
  }, parts$domain, parts$question)
  matrix <- svyrecvar(influence, design$cluster, design$strata, design$fpc, postStrata = design$postStrata)
  call <- python_call("mean", sample, list(by = by), quoted = list(as.list(questions)))
  keys <- Map(function(domain, question) c(question, domain$by), parts$domain, parts$question)
  reference$more$covariances <- c(reference$more$covariances, list(list(call = call, keys = keys, matrix = matrix)))
}

# --- what every estimate has in common ------------------------------------------------------------------------

# The domain's usable answers as a design: R keeps counting the clusters of the full sample in each stratum. Of a
# calibrated design R keeps all rows, the others with weight zero: they get an answer that is nobody's.
base_of <- function(design, member, ...) {
  mine <- usable(design, member, ...)
  base <- design[mine, ]
  if (!is.null(design$postStrata)) {
    for (column in c(...)) base$variables[[column]][!mine] <- if (is.character(base$variables[[column]])) "" else 0
  }
  base
}

usable <- function(design, member, ...) {
  member & complete.cases(design$variables[c(...)]) & weights(design, "sampling") > 0
}

common <- function(base) {
  list(option = "", n = sum(weights(base) > 0), n_need = NA_real_, n_eff = NA_real_, df = degf(base),
       weighted_n = sum(weights(base)), deff = NA_real_)
}

# How another script makes its rows, without its cases: what it assigns at its top level.
rows_like <- function(script) {
  for (line in as.list(parse(file.path(here, script), encoding = "UTF-8"))) {
    if (is.call(line) && identical(line[[1]], as.name("<-"))) eval(line, globalenv())
  }
}

# t with no degrees of freedom is undefined, and so is every interval built on it.
critical <- function(level, df) if (df > 0) qt((1 + level) / 2, df) else NA_real_

symmetric <- function(estimate, se, level, df) {
  reach <- critical(level, df) * se
  list(low = estimate - reach, high = estimate + reach)
}

# --- writing --------------------------------------------------------------------------------------------------

python_call <- function(verb, first, given, quoted = NULL) {
  given <- Filter(Negate(is.null), given)
  named <- if (length(given)) paste0(names(given), "=", vapply(given, python_value, ""))
  positional <- if (length(quoted)) vapply(quoted, python_value, "", USE.NAMES = FALSE)
  sprintf("%s(%s)", verb, paste(c(first, positional, named), collapse = ", "))
}

# Text and numbers as literals (NA is None), vectors and lists as lists, named lists as dicts.
python_value <- function(value) {
  if (!is.list(value)) {
    one <- if (is.character(value)) sprintf("'%s'", value) else vapply(value, format, "", digits = 15)
    one[is.na(value)] <- "None"
    return(if (length(one) == 1) one else sprintf("[%s]", paste(one, collapse = ", ")))
  }
  one <- vapply(value, python_value, "", USE.NAMES = FALSE)
  if (is.null(names(value))) return(sprintf("[%s]", paste(one, collapse = ", ")))
  sprintf("{%s}", paste(sprintf("'%s': %s", names(value), one), collapse = ", "))
}

json <- function(value) {
  as.character(jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA, na = "null", null = "null"))
}

lines_of <- function(more) {
  if (is.list(more)) sprintf("[\n    %s\n  ]", paste(vapply(more, json, ""), collapse = ",\n    ")) else json(more)
}

# One row a line, so that a changed number is one changed line.
write_reference <- function(name) {
  case <- function(case) {
    rows <- vapply(seq_len(nrow(case$rows)), function(i) json(unname(as.list(case$rows[i, ]))), "")
    sprintf('    {"id": %s,\n     "call": %s,\n     "rows": [\n      %s]}',
            json(case$id), json(case$call), paste(rows, collapse = ",\n      "))
  }
  rows <- sum(vapply(reference$cases, function(case) nrow(case$rows), 0L))
  samples <- sprintf('    "%s": "%s"', names(reference$samples), unlist(reference$samples))
  lines <- c(
    "{",
    sprintf('  "made_by": %s,', json(sub("json$", "R", name))),
    sprintf('  "R": %s,', json(paste(R.version$major, R.version$minor, sep = "."))),
    sprintf('  "survey": %s,', json(packageDescription("survey")$Version)),
    sprintf('  "input": {"file": %s, "md5": %s},', json(input), json(unname(tools::md5sum(file.path(here, input))))),
    sprintf('  "samples": {\n%s\n  },', paste(samples, collapse = ",\n")),
    sprintf('  "columns": %s,', json(columns)),
    if (!identical(key, key_of_estimates)) sprintf('  "key": %s,', json(key)),
    sprintf('  "%s": %s,', names(reference$more), vapply(reference$more, lines_of, "")),
    sprintf('  "cases": [\n%s\n  ]', paste(vapply(reference$cases, case, ""), collapse = ",\n")),
    "}"
  )
  writeLines(enc2utf8(lines), file.path(here, name), useBytes = TRUE)
  message(sprintf("%s: %d cases, %d rows", name, length(reference$cases), rows))
}

# --- the samples ----------------------------------------------------------------------------------------------

if (fixture == "households") {
  sample_as("clustered", weight = "w", strata = "stratum", cluster = "grid")
  sample_as("clustered_fpc", weight = "w", strata = "stratum", cluster = "grid", fpc = "n_grids")
  sample_as("unstratified", weight = "w", cluster = "village")
  sample_as("unstratified_fpc", weight = "w", cluster = "village", fpc = "n_grids_all")
  sample_as("elements", weight = "w", strata = "stratum")
  sample_as("elements_fpc", weight = "w", strata = "stratum", fpc = "n_households")
  sample_as("srs", weight = "w_srs")
  sample_as("srs_fpc", weight = "w_srs", fpc = "n_srs")
  # One stratum has a single cluster, and the population holds no other: nothing was left to chance there.
  sample_as("certainty", weight = "w", strata = "st_lonely", cluster = "grid", fpc = "n_lonely")
}
