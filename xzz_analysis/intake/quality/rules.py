"""What findings about the data say, in words."""

from __future__ import annotations

from xzz_analysis.language import Label

RULES: dict[str, Label] = {
    "line_end_missing": {"zh": "文件末行没有换行，可能被截断", "en": "file may be cut off at its end"},
    "key_empty": {"zh": "记录没有编号", "en": "record without a key"},
    "key_twice": {"zh": "编号重复", "en": "key used more than once"},
    "key_not_kept": {"zh": "编号列不保留", "en": "key column not kept"},
    "parent_missing": {"zh": "找不到上级记录", "en": "parent record not found"},
    "value_unreadable": {"zh": "数值无法读取", "en": "value cannot be read"},
    "number_identifies": {"zh": "数值像电话或证件号", "en": "number like a phone or an id"},
    "text_not_kept": {"zh": "文字题不能用作分组或设计", "en": "free text named as a group or design"},
    "exclusive_unknown": {"zh": "互斥选项声明有误", "en": "exclusive options declared wrongly"},
    "option_unlisted": {"zh": "选项不在选项表中", "en": "option not in the list"},
    "options_disagree": {"zh": "多选列之间不一致", "en": "columns of a question disagree"},
    "code_with_options": {"zh": "缺失代码与选项并存", "en": "reason code together with options"},
    "exclusive_with_others": {"zh": "互斥选项与其他选项同选", "en": "exclusive option with others"},
    "labels_exported": {"zh": "导出的是选项文字", "en": "labels exported instead of names"},
    "answer_not_shown": {"zh": "不应显示的题目有回答", "en": "answer where the question was not shown"},
    "skip_unknown": {"zh": "跳题逻辑无法判断", "en": "skip logic cannot be told"},
    "constraint_broken": {"zh": "违反题目约束", "en": "constraint of the form broken"},
    "required_blank": {"zh": "必答题空白", "en": "required question left blank"},
    "short_interview": {"zh": "访问用时过短", "en": "interview too short"},
    "time_unreadable": {"zh": "访问时间无法读取", "en": "interview times cannot be read"},
    "column_unknown": {"zh": "数据中有问卷没有的列", "en": "column that the form lacks"},
    "column_unaccented": {"zh": "列名仅重音不同", "en": "column matched without accents"},
    "question_without_column": {"zh": "问卷题目没有数据列", "en": "question without a column"},
    "question_not_asked": {"zh": "本轮未问的题目", "en": "question not asked this round"},
    "question_unknown": {"zh": "声明了问卷没有的题目", "en": "declared question not in the form"},
    "question_twice": {"zh": "题目名重复", "en": "question name used twice"},
    "question_without_name": {"zh": "题目没有名称", "en": "question without a name"},
    "question_without_type": {"zh": "题目没有类型", "en": "question without a type"},
    "option_twice": {"zh": "选项名重复", "en": "option name used twice"},
    "option_unnamed": {"zh": "选项没有名称", "en": "option without a name"},
    "list_missing": {"zh": "缺少选项表", "en": "list of options missing"},
    "type_unknown": {"zh": "题型未知", "en": "question type unknown"},
    "type_unread": {"zh": "题型暂不读取", "en": "question type not read"},
    "expression_unread": {"zh": "表达式无法读取", "en": "expression cannot be read"},
    "repeat_unknown": {"zh": "声明了问卷没有的重复组", "en": "declared repeat not in the form"},
    "repeat_without_data": {"zh": "重复组没有数据", "en": "repeat without data"},
    "pyxform": {"zh": "问卷格式提示", "en": "remark on the form's format"},
    "would_fail": {"zh": "会使报告无法生成", "en": "would stop a report"},
    "indicator_not_computed": {"zh": "指标无法计算", "en": "indicator cannot be computed"},
}
"""Every rule of a finding about the data, in words."""

CHECK_RULES: dict[str, Label] = {
    "short_interview": {"zh": "访问用时过短", "en": "interview too short"},
    "speeding": {"zh": "作答过快", "en": "questions answered too fast"},
    "several_days": {"zh": "访问跨越多日", "en": "interview over several days"},
    "time_backwards": {"zh": "结束早于开始", "en": "end before start"},
    "in_future": {"zh": "时间在未来", "en": "time in the future"},
    "outside_round": {"zh": "不在本轮期间", "en": "outside the days of the round"},
    "interviews_overlap": {"zh": "同一访员的访问时间重叠", "en": "interviews of one interviewer overlap"},
    "straight_line": {"zh": "直线作答", "en": "straight-lining"},
    "low_variation": {"zh": "量表题几乎无变化", "en": "hardly any variation over scales"},
    "exact_duplicate": {"zh": "回答完全相同的记录", "en": "records with the same answers"},
    "near_duplicate": {"zh": "回答几乎相同的记录", "en": "records with nearly the same answers"},
    "same_device": {"zh": "同一设备多次提交", "en": "many records from one device"},
    "same_ip": {"zh": "同一 IP 多次提交", "en": "many records from one address"},
    "same_text": {"zh": "多份记录文字相同", "en": "same text in several records"},
    "outlier": {"zh": "数值离群", "en": "number far from all others"},
    "constraint_broken": {"zh": "违反题目约束", "en": "constraint of the form broken"},
    "contradiction": {"zh": "回答互相矛盾", "en": "answers contradict each other"},
    "exclusive_with_others": {"zh": "互斥选项与其他选项同选", "en": "exclusive option with others"},
    "other_repeats_option": {"zh": "“其他”文字重复已有选项", "en": "other-text repeats an option"},
    "missing_question": {"zh": "题目缺失过多", "en": "question often without a usable answer"},
    "missing_interviewer": {"zh": "访员的缺失过多", "en": "interviewer with many missing answers"},
    "interviewer_effect": {"zh": "回答随访员而异", "en": "answers depend on the interviewer"},
    "interviewer_outlying": {"zh": "访员结果异常", "en": "interviewer unlike the others"},
    "interviewer_day": {"zh": "访员单日访问过多", "en": "too many interviews in a day"},
    "back_check": {"zh": "回访结果不一致", "en": "back-check disagrees"},
    "version_drift": {"zh": "仍用旧版问卷", "en": "old version of the form still used"},
    "sample_plan": {"zh": "样本少于计划", "en": "fewer interviews than planned"},
    "age_birth": {"zh": "年龄与出生日期不符", "en": "age and birth date disagree"},
    "count_linked": {"zh": "下级记录数与上级所答不符", "en": "linked records and stated number disagree"},
}
"""Every check of :mod:`~xzz_analysis.intake.quality.catalogue`, in words."""

RULES |= CHECK_RULES
RULES["quality_below_minimum"] = {"zh": "数据质量得分低于要求", "en": "data quality below the minimum"}
