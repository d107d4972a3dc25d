# Change between the two rounds of the demonstration study, from its raw exports: Rscript tests/reference/demo_change.R
#
# Nothing of the library is used: the exports are read here, a child whose key repeats is kept once, "don't know" (-98),
# "refused" (-99), options that are not in the list and numbers that are none are no answer.
fixture <- "rounds"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("contrast.R") # what estimates are, and how they are compared
rows_like("change.R") # two rounds as one design

# --- the exports ----------------------------------------------------------------------------------------------

raw <- c("2025Q2_child_text.xlsx", "2025Q2_family.xlsx", "2025Q4_child_text.xlsx", "2025Q4_family.csv")
input <- file.path("../../data/demo/raw", raw)

read_export <- function(file, sheet = 1) {
  path <- file.path(here, file)
  if (grepl("csv$", file)) return(read.csv(path, colClasses = "character", check.names = FALSE, encoding = "UTF-8"))
  folder <- tempfile()
  utils::unzip(path, exdir = folder)
  part <- function(name) {
    paste(readLines(file.path(folder, "xl", name), encoding = "UTF-8", warn = FALSE), collapse = "\n")
  }
  pieces <- function(text, pattern) regmatches(text, gregexpr(pattern, text, perl = TRUE))[[1]]
  plain <- function(text) {
    text <- gsub("<[^>]*>", "", text)
    gsub("&amp;", "&", gsub("&quot;", "\"", gsub("&lt;", "<", gsub("&gt;", ">", text))), fixed = TRUE)
  }
  shared <- plain(pieces(part("sharedStrings.xml"), "(?s)<si>.*?</si>"))
  cells <- pieces(part(sprintf("worksheets/sheet%d.xml", sheet)), "(?s)<c r=\"[A-Z]+[0-9]+\"[^>]*?(/>|>.*?</c>)")
  place <- sub("^<c r=\"([A-Z]+)([0-9]+)\".*", "\\1 \\2", gsub("\n", " ", cells))
  column <- vapply(strsplit(sub(" .*", "", place), ""), function(letters) {
    Reduce(function(number, letter) 26 * number + match(letter, LETTERS), letters, 0)
  }, 0)
  row <- as.integer(sub(".* ", "", place))
  value <- ifelse(grepl("<v>", cells), plain(sub("(?s).*<v>(.*?)</v>.*", "<v>\\1", cells, perl = TRUE)), plain(cells))
  is_shared <- grepl("t=\"s\"", cells)
  value[is_shared] <- shared[as.integer(value[is_shared]) + 1]
  table <- matrix("", max(row), max(column))
  table[cbind(row, column)] <- value
  setNames(as.data.frame(table[-1, ]), table[1, ])
}

# Children's columns and options by the form's names instead of their wording; what was skipped or blank is empty.
survey <- read_export("../../data/demo/forms/child.xlsx")
choices <- read_export("../../data/demo/forms/child.xlsx", 2)
wording <- 3 # column of the Chinese wording

by_name <- function(table) {
  asked <- sub("^[0-9]+、", "", names(table))
  names(table) <- ifelse(asked %in% survey[[wording]], survey$name[match(asked, survey[[wording]])], names(table))
  table[table == "(跳过)" | table == "(空)"] <- ""
  for (question in intersect(names(table), survey$name[grepl("^select", survey$type)])) {
    type <- strsplit(survey$type[survey$name == question], " ")[[1]]
    listed <- choices[choices$list_name == type[2], ]
    named <- function(texts) ifelse(texts %in% listed[[wording]], listed$name[match(texts, listed[[wording]])], texts)
    words <- lapply(strsplit(table[[question]], "┋", fixed = TRUE), named)
    if (type[1] == "select_multiple") for (option in listed$name) {
      table[[sprintf("%s/%s", question, option)]] <- vapply(words, function(one) as.character(+(option %in% one)), "")
    }
    table[[question]] <- vapply(words, paste, "", collapse = " ")
  }
  table
}

children_of <- function(round, child, family) {
  children <- by_name(read_export(child))
  children <- children[!duplicated(trimws(children$child_id)), ]
  families <- read_export(family)
  families <- families[!duplicated(trimws(families$family_id)), ]
  mine <- match(trimws(children$family_id), trimws(families$family_id))
  text <- function(column, options) ifelse(column %in% options, column, NA)
  number <- function(column) {
    found <- suppressWarnings(as.numeric(column))
    ifelse(found %in% c(-98, -99), NA, found)
  }
  out <- data.frame(
    round = round, stratum = children$stratum, grid = children$grid, weight = as.numeric(children$weight),
    sex = text(children$sex, c("male", "female")),
    hukou = text(families$hukou[mine], c("agricultural", "other_city", "local")),
    health_insurance = text(children$health_insurance, c("city", "home", "none")),
    care_needed = text(children$care_needed, c("yes", "no")), checkup = text(children$checkup, c("yes", "no")),
    vision = text(children$vision, c("normal", "corrected", "uncorrected", "untested")),
    sleep_hours = number(children$sleep_hours), trusted_adults = number(children$trusted_adults)
  )
  # Of a question with several answers: one column per option, empty where nothing usable was marked.
  marked <- function(question, option) {
    own <- sprintf("%s/%s", question, c("dont_know", "refused"))
    usable <- trimws(children[[question]]) != "" & children[[own[1]]] != "1" & children[[own[2]]] != "1"
    ifelse(usable, as.numeric(children[[sprintf("%s/%s", question, option)]]), NA)
  }
  out[["friends/local"]] <- marked("friends", "local")
  out[["friends/migrant"]] <- marked("friends", "migrant")
  out
}

respondents <- rbind(children_of("2025Q2", input[1], input[2]), children_of("2025Q4", input[3], input[4]))
for (round in unique(respondents$round)) {
  given <- list(round = round, weight = "weight", strata = "stratum", cluster = "grid")
  opened <- sprintf("open_round('data/demo', '%s').sample('child')", round)
  sample_from(if (round == "2025Q2") "before" else "after", given, opened)
}

# --- cases ----------------------------------------------------------------------------------------------------

for (overlap in c("cluster", "none")) {
  change("before", "after", "health_insurance", overlap = overlap)
  change("before", "after", c("friends/local", "friends/migrant"), overlap = overlap)
  change("before", "after", "friends/migrant", "hukou", overlap = overlap)
  change("before", "after", c("sleep_hours", "trusted_adults"), "sex", statistic = "mean", overlap = overlap)
  change("before", "after", "sleep_hours", "sex", statistic = "mean", overlap = overlap)
}
change("before", "after", "health_insurance", "sex")
change("before", "after", c("care_needed", "checkup"), "hukou", adjust = "benjamini-hochberg")
change("before", "after", "vision", c("hukou", "sex"), level = 0.9)
change("before", "after", "trusted_adults", "hukou", statistic = "total", adjust = "none")
change("before", "after", c("sleep_hours", "trusted_adults"), c("hukou", "sex"), statistic = "mean")
message(sprintf("%d changes checked against svycontrast of totals, %d of svyby", counted$totals, counted$svyby))
write_reference("demo_change.json")
