"""A small PDF that opens: what the demo attaches where people would attach a scan."""


def one_page(*lines: str) -> bytes:
	"""A page with `lines` of plain text on it."""
	text = " T* ".join(f"({line.translate(ESCAPED)}) Tj" for line in lines)
	stream = f"BT /F1 14 Tf 72 720 Td 20 TL {text} ET"
	objects = (
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 6 0 R >>",
		f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
		"<< /Font << /F1 5 0 R >> >>",
	)
	body, offsets = "%PDF-1.4\n", []
	for number, content in enumerate(objects, 1):
		offsets.append(len(body))
		body += f"{number} 0 obj\n{content}\nendobj\n"
	table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
	trailer = (
		f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
		f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
	)
	return (body + trailer).encode("latin-1", "replace")


ESCAPED = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})
