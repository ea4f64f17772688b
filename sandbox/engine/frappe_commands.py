"""`frappe.commands`: what an app's own commands are made of."""

import functools

import click
import frappe


def pass_context(function):
	@click.pass_context
	@functools.wraps(function)
	def wrapped(context, *args, **kwargs):
		return function(frappe._dict(context.obj or {}), *args, **kwargs)

	return wrapped


def get_site(context, raise_err=True):
	return (context.get("sites") or [frappe.local.site])[0]
