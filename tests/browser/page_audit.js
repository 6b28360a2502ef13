// What a built page is like, seen by the browser: width, colours, folded cells, links.
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();

  // Any colour that CSS can name, as [red, green, blue, alpha], 0 to 255 and 0 to 1.
  function rgba(text) {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, [red, green, blue, alpha / 255]);
    }
    return known.get(text);
  }

  function over(front, back) {
    return [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
  }

  // What is behind an element's text: the backgrounds of it and of what it stands in.
  function background(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const page = document.documentElement.dataset.theme === "dark" ? [0, 0, 0, 1] : [255, 255, 255, 1];
    return layers.reduceRight((back, front) => over(front, back), page);
  }

  function luminance([red, green, blue]) {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  function isSeen(element) {
    return element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
      && element.getBoundingClientRect().width > 1 && element.getBoundingClientRect().height > 1;
  }

  // WCAG 2.2, 1.4.3: 4.5, or 3 for large text; what cannot be used now is exempt.
  const faint = new Map();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let pieces = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !isSeen(element)) continue;
    if (element.closest("script, style, noscript, :disabled, [aria-disabled=true], option")) continue;
    pieces += 1;
    const style = getComputedStyle(element);
    const behind = background(element);
    const colour = element.namespaceURI.endsWith("/svg") ? style.fill : style.color;
    const found = contrast(over(rgba(colour), behind), behind);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (found < (large ? 3 : 4.5)) {
      const what = `${element.localName}.${element.className?.baseVal ?? element.className}`;
      faint.set(`${what} ${colour}`, `${what}: ${found.toFixed(2)} for ${texts.currentNode.data.trim().slice(0, 40)}`);
    }
  }

  const isOwn = (link) => link.origin === location.origin;
  return {
    widerThanWindow: document.documentElement.scrollWidth - innerWidth,
    tooWide: [...document.body.querySelectorAll("*")]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && isSeen(one))
      .slice(0, 5).map((one) => `${one.localName}.${one.className}`),
    background: luminance(background(document.querySelector("main") ?? document.body)),
    pieces,
    faint: [...faint.values()],
    folded: [...document.querySelectorAll("details.hide")].length,
    openSolutions: [...document.querySelectorAll(".cell pre")]
      .filter((one) => one.textContent.startsWith("# Solution") && isSeen(one)).length,
    withoutAlternative: [...document.querySelectorAll("img")]
      .filter((one) => !one.alt.trim() && one.getAttribute("role") !== "presentation").map((one) => one.src),
    broken: [...document.images].filter((one) => one.complete && !one.naturalWidth && one.loading !== "lazy")
      .map((one) => one.src),
    links: [...document.querySelectorAll("a[href]")].filter(isOwn).map((one) => one.href),
    ids: [...document.querySelectorAll("[id]")].map((one) => one.id),
  };
}
