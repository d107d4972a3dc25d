# What the reference scripts share: reading the households, declaring a sample once for R and for Python, and
# writing the cases. Every number comes from the survey package, or from a formula written here that is checked
# against it wherever it has one.
#
#   sample_as("name", weight = , strata = , cluster = , fpc = )   declares a design and its Python call
#   estimate("verb", "name", "column", by = , ...)                one case: R's rows and the Python call
#   write_reference("x.json")                                     writes all of them

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "fail", warn = 2)

here <- dirname(normalizePath(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))))
input <- "fixtures/households.csv"
households <- read.csv(
  file.path(here, input), encoding = "UTF-8", na.strings = "", check.names = FALSE,
  colClasses = c(stratum = "character", village = "character", st_lonely = "character")
)

reference <- new.env()
reference$samples <- list()
reference$designs <- list()
reference$cases <- list()

columns <- c(
  "option", "statistic", "by", "estimate", "se", "low", "high", "df",
  "n", "n_need", "n_eff", "weighted_n", "deff"
)

# --- declaring ------------------------------------------------------------------------------------------------

sample_as <- function(name, weight, strata = NULL, cluster = NULL, fpc = NULL) {
  one_sided <- function(column) if (!is.null(column)) reformulate(sprintf("`%s`", column))
  reference$designs[[name]] <- svydesign(
    ids = if (is.null(cluster)) ~1 else one_sided(cluster), strata = one_sided(strata), fpc = one_sided(fpc),
    weights = one_sided(weight), data = households, nest = !is.null(strata)
  )
  given <- list(weight = weight, strata = strata, cluster = cluster, fpc = fpc)
  reference$samples[[name]] <- python_call("Sample", "households", given)
}

estimate <- function(verb, sample, ..., by = NULL, level = NULL, method = NULL, probs = NULL) {
  design <- reference$designs[[sample]]
  asked <- list(level = if (is.null(level)) 0.95 else level, method = method, probs = probs)
  rows <- do.call(rbind, lapply(domains(design$variables, by), function(domain) {
    do.call(rbind, lapply(get(paste0("rows_of_", verb))(design, domain$member, ..., asked = asked), function(row) {
      row$by <- domain$by
      as.data.frame(row)[columns]
    }))
  }))
  rows <- rows[rows$n > 0, ] # where nobody answered, R says 0 and we say why there is nothing
  given <- list(by = by, level = level, method = method, probs = if (!is.null(probs)) as.list(probs))
  call <- python_call(verb, sample, given, quoted = c(...))
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

# --- what every estimate has in common ------------------------------------------------------------------------

# The domain's usable answers as a design: R keeps counting the clusters of the full sample in each stratum.
base_of <- function(design, member, ...) {
  usable <- complete.cases(design$variables[c(...)]) & weights(design, "sampling") > 0
  design[which(member & usable), ]
}

common <- function(base) {
  list(option = "", n = nrow(base), n_need = NA_real_, n_eff = NA_real_, df = degf(base),
       weighted_n = sum(weights(base)), deff = NA_real_)
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

python_value <- function(value) {
  one <- if (is.character(value)) sprintf("'%s'", value) else vapply(value, format, "")
  if (length(one) == 1 && !is.list(value)) one else sprintf("[%s]", paste(one, collapse = ", "))
}

json <- function(value) {
  as.character(jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA, na = "null", null = "null"))
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
    sprintf('  "cases": [\n%s\n  ]', paste(vapply(reference$cases, case, ""), collapse = ",\n")),
    "}"
  )
  writeLines(enc2utf8(lines), file.path(here, name), useBytes = TRUE)
  message(sprintf("%s: %d cases, %d rows", name, length(reference$cases), rows))
}

# --- the samples ----------------------------------------------------------------------------------------------

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
