// What scrolls in its own box must be reachable with the keyboard.
(function () {
  function mark() {
    document.querySelectorAll("figure, section > p:has(> img), .pst-scrollable-table-container, .cell_output pre, .cell_input pre, .math-block, div.highlight pre").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
      } else if (box.getAttribute("tabindex") === "0") {
        box.removeAttribute("tabindex");
      }
    });
  }
  window.addEventListener("load", mark);
  window.addEventListener("resize", mark);
})();
