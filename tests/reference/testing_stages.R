# Tests of association and of equal means in several stages: Rscript tests/reference/testing_stages.R
fixture <- "stages"
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "reference.R"))
rows_like("testing.R")

households <- c("street", "block", "household")
in_all <- c("N_streets", "N_blocks", "N_households")
sample_as("streets", "w", "district", "street")
sample_as("two_stage", "w", "district", households[1:2], in_all[1:2])
sample_as("three_stage", "w", "district", households, in_all)
sample_as("houses", "w", c("district", "houses"), households[1:2], c("N_streets", "N_houses"))
sample_as("people_in_streets", "w", "district", "street", c("N_streets", "N_people"))
for (rule in c("certainty", "adjust")) {
  sample_as(paste0("lonely_", rule), "w", "district_lonely", "street", lonely = rule)
  sample_as(paste0("lonely_fpc_", rule), "w", "district_lonely", households[1:2], c("N_lonely", "N_blocks"),
            lonely = rule)
}
girls <- reference$designs$two_stage[respondents$girl %in% 1, ]
sample_from("girls", girls, "two_stage.subpopulation('girl')")

# --- cases ----------------------------------------------------------------------------------------------------

for (sample in names(reference$designs)) {
  compare_groups(sample, c("phone", "ill", "barrier", "visited"), "area")
  compare_groups(sample, c("phone", "flooded"), "district", method = "adjusted-wald", adjust = "none")
  compare_groups(sample, c("income", "phone", "children"), "hukou", method = "t")
  compare_groups(sample, c("income", "debt"), c("area", "shore"), method = "mean-wald",
                 adjust = "benjamini-hochberg")
}
for (sample in c("two_stage", "three_stage", "lonely_fpc_adjust")) {
  compare_groups(sample, c("owns", "visited"), c("hukou", "age"), method = "rao-scott-chisq")
  compare_groups(sample, "barrier", "sex", method = "wald")
}
write_reference("testing_stages.json")
