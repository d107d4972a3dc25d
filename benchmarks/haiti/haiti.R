# The Haiti survey of 2022 as a design and a list of questions, for tabulate.R and speed.R.

suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "fail", warn = 1)

UNKNOWN <- c("", "nsp", "pnpr") # empty, don't know, prefer not to answer

read_survey <- function(folder, added = NULL) {
  text <- function(name) {
    read.csv(file.path(folder, name), colClasses = "character", na.strings = character(), check.names = FALSE,
             encoding = "UTF-8")
  }
  main <- text("main.csv.gz")
  main$weights <- as.numeric(main$weights)
  list(
    design = svydesign(ids = ~i_cluster, strata = ~stratum, weights = ~weights, nest = TRUE, data = main),
    questions = questions_of(text("survey.csv"), text("choices.csv"), added, main)
  )
}

# Every select_one, select_multiple and integer of the form that the export holds: its kind and its options.
questions_of <- function(form, choices, added, main) {
  words <- strsplit(form$type, " +")
  kind <- vapply(words, function(word) if (length(word)) word[1] else "", "")
  asked <- which(kind %in% c("select_one", "select_multiple", "integer") & form$name %in% names(main))
  asked <- asked[!duplicated(form$name[asked])]
  questions <- lapply(asked, function(i) {
    name <- form$name[i]
    options <- if (kind[i] == "integer") NULL else choices$name[choices$list_name == words[[i]][2]]
    extra <- added$option[added$question == name]
    list(name = name, kind = kind[i], options = setdiff(unique(c(options, extra)), UNKNOWN))
  })
  names(questions) <- form$name[asked]
  Filter(function(question) question$kind == "integer" || length(question$options), questions)
}

# One column per option, or the number itself; `usable` marks the rows that answered.
answers_to <- function(question, main) {
  cells <- main[[question$name]]
  if (question$kind == "integer") {
    number <- suppressWarnings(as.numeric(cells))
    return(list(usable = !is.na(number), values = matrix(number)))
  }
  if (question$kind == "select_one") {
    values <- outer(cells, question$options, "==")
  } else {
    row <- rep(seq_along(cells), lengths(strsplit(cells, " +")))
    option <- match(unlist(strsplit(cells, " +")), question$options)
    values <- matrix(FALSE, length(cells), length(question$options))
    values[cbind(row, option)[!is.na(option), , drop = FALSE]] <- TRUE
  }
  list(usable = rowSums(values) > 0, values = values + 0)
}

arguments <- function(least, usage) {
  given <- commandArgs(TRUE)
  flags <- grepl("^--", given)
  plain <- given[!flags]
  if (length(plain) < least) stop(usage, call. = FALSE)
  list(plain = plain, flags = given[flags])
}
