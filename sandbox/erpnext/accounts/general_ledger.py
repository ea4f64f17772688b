"""It keeps no books, so they are open every day."""


def check_freezing_date(posting_date, adv_adj=False):
	pass


def validate_accounting_period(gl_map):
	pass


def validate_against_pcv(is_opening, posting_date, company):
	pass
