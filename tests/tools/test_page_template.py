"""Pages made with the course's template keep what is said in words about each picture."""

import base64
import io

import nbformat
from conftest import PROJECT
from nbconvert import HTMLExporter
from PIL import Image

WORDS = 'What to see: "a" & <b>.'


def test_a_picture_keeps_its_text_alternative_and_its_size() -> None:
    png = io.BytesIO()
    Image.new("RGB", (8, 4)).save(png, format="png")
    output = nbformat.v4.new_output(
        "display_data",
        data={"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": WORDS},
        metadata={"image/png": {"width": 4, "height": 2, "alt": WORDS}},
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    exporter = HTMLExporter(
        template_name="page_template", extra_template_basedirs=[str(PROJECT / "tools")]
    )
    page, _ = exporter.from_notebook_node(notebook)
    (picture,) = [part for part in page.split("<img")[1:] if "base64" in part]
    picture = picture.split("/>")[0]
    assert "What to see: " in picture and "&amp; &lt;b&gt;." in picture
    assert 'width="4"' in picture and 'height="2"' in picture
    assert "No description has been provided" not in page
