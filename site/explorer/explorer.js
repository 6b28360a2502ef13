// The page around schedules.js and chart.js: controls, pointer and keyboard, address, copying.

(function () {
  "use strict";

  var root = document.getElementById("explorer");
  if (!root) {
    return;
  }
  var S = Schedules;
  // What a change is to the history of the page
  var MOVING = "a slider moves";
  var FINISHED = "a setting has a new value";
  var READING = "the rates are read at another step";
  var state = location.hash.length > 1 ? S.read(location.hash) : S.startState();

  function find(name) {
    return root.querySelector("[data-ex=" + name + "]");
  }

  function element(name, attributes, children) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) {
      made.setAttribute(key, attributes[key]);
    });
    (children || []).forEach(function (child) {
      made.append(child);
    });
    return made;
  }

  // Controls: each setting is a slider and a box for numbers, or a choice.

  var number = 0;
  var syncs = []; // each writes the state's value into its control

  function toSlider(setting, value) {
    if (!setting.log) {
      return value;
    }
    return (1000 * Math.log(value / setting.min)) / Math.log(setting.max / setting.min);
  }

  function fromSlider(setting, place) {
    if (!setting.log) {
      return Number(place);
    }
    var value = setting.min * Math.pow(setting.max / setting.min, place / 1000);
    return Number(value.toPrecision(setting.whole ? 3 : 2));
  }

  function control(setting, owner, name, of) {
    number += 1;
    var id = "ex-control-" + number;
    var text = setting.label + (setting.unit ? " (" + setting.unit + ")" : "");
    var label = element("label", { for: id }, [text]);
    function set(value, how) {
      owner[name] = S.allowed(setting, value);
      if (owner === state && name === "steps") {
        state.at = Math.min(state.at, state.steps);
      }
      update(how);
    }
    if (setting.choices) {
      var select = element("select", { id: id }, setting.choices.map(function (choice) {
        return element("option", { value: choice }, [choice]);
      }));
      select.addEventListener("change", function () {
        set(select.value, FINISHED);
      });
      syncs.push(function () {
        select.value = owner[name];
      });
      return element("div", { class: "ex-control" }, [label, select]);
    }
    var limits = setting.log ? { min: 0, max: 1000, step: 1 } : { min: setting.min, max: setting.max, step: setting.step };
    var slider = element("input", Object.assign({ type: "range", id: id }, limits));
    var box = element("input", {
      type: "number",
      min: setting.min,
      max: setting.max,
      step: "any",
      "aria-label": of + ": " + text + ", as a number",
    });
    slider.addEventListener("input", function () {
      set(fromSlider(setting, slider.value), MOVING);
    });
    slider.addEventListener("change", function () {
      update(FINISHED);
    });
    box.addEventListener("change", function () {
      set(box.value, FINISHED);
    });
    syncs.push(function () {
      slider.value = toSlider(setting, owner[name]);
      slider.setAttribute("aria-valuetext", Chart.short(owner[name]) + (setting.unit ? " " + setting.unit : ""));
      box.value = owner[name];
    });
    return element("div", { class: "ex-control" }, [label, slider, box]);
  }

  function buildControls() {
    syncs = [];
    number = 0;
    var run = find("run");
    run.replaceChildren();
    Object.keys(S.RUN).forEach(function (name) {
      run.append(control(S.RUN[name], state, name, "The run"));
    });
    var axis = control({ label: "Vertical axis", choices: ["linear", "log"], value: "linear" }, state, "axis", "The run");
    run.append(axis);
    var curves = find("curves");
    curves.replaceChildren();
    var names = S.names(state);
    state.curves.forEach(function (curve, index) {
      var legend = element("legend", {}, []);
      legend.innerHTML = Chart.swatch(curve, index);
      legend.append(" " + names[index]);
      var remove = element("button", { type: "button", class: "ex-remove" }, ["Remove"]);
      remove.setAttribute("aria-label", "Remove " + names[index]);
      remove.addEventListener("click", function () {
        state.curves.splice(index, 1);
        rebuild();
        find("add").focus();
      });
      var settings = S.settingsOf(curve.kind);
      var controls = Object.keys(settings).map(function (name) {
        return control(settings[name], curve, name, names[index]);
      });
      curves.append(element("fieldset", {}, [legend].concat(controls, [remove])));
    });
    find("add").disabled = state.curves.length >= S.MOST_CURVES;
  }

  function rebuild() {
    buildControls();
    update(FINISHED);
  }

  // What is shown

  var chart = find("chart");
  var at = find("at");
  var atBox = find("at-box");
  var spoken = null;

  function draw() {
    var width = Math.max(300, Math.min(chart.clientWidth || 760, 1100));
    chart.innerHTML = Chart.svg(state, width, Math.round(Math.max(260, Math.min(350, width * 0.5))));
    chart.dataset.width = width;
  }

  function update(how) {
    draw();
    find("table").innerHTML = Chart.table(state);
    find("code").textContent = S.code(state);
    find("floor-note").textContent = S.floorNote(state);
    at.max = state.steps;
    atBox.max = state.steps;
    at.value = state.at;
    atBox.value = state.at;
    at.setAttribute("aria-valuetext", Chart.reading(state));
    find("reading").textContent = Chart.reading(state);
    syncs.forEach(function (sync) {
      sync();
    });
    clearTimeout(spoken);
    spoken = setTimeout(function () {
      find("spoken").textContent = Chart.reading(state);
    }, 500);
    remember(how);
  }

  // The address holds the state. A finished change is a place for the back button; reading the
  // rates at another step is none, and neither are ten presses of an arrow key in a row.

  var lastPlace = { control: null, time: 0 };

  function remember(how) {
    if (how === MOVING) {
      return;
    }
    var now = { control: document.activeElement, time: Date.now() };
    var again = now.control === lastPlace.control && now.time - lastPlace.time < 1500;
    var push = how === FINISHED && !again && location.hash !== S.write(state);
    try {
      history[push ? "pushState" : "replaceState"](null, "", S.write(state));
    } catch (refused) {
      find("link").hidden = true; // a page inside a notebook may have no address of its own
    }
    if (how === FINISHED) {
      lastPlace = now;
    }
  }

  function restore() {
    var address = location.hash;
    if (address.length > 1 && address !== S.write(state)) {
      state = S.read(address);
      buildControls();
      update(READING);
    }
  }

  function setAt(step) {
    state.at = Math.min(Math.max(Math.round(Number(step)) || 0, 0), state.steps);
    update(READING);
  }

  at.addEventListener("input", function () {
    setAt(at.value);
  });
  atBox.addEventListener("change", function () {
    setAt(atBox.value);
  });

  function stepUnder(event) {
    var box = chart.firstElementChild.getBoundingClientRect();
    var width = Number(chart.dataset.width);
    return Chart.stepAt(state, width, ((event.clientX - box.left) * width) / box.width);
  }

  chart.addEventListener("pointerdown", function (event) {
    setAt(stepUnder(event));
    at.focus({ preventScroll: true });
    event.preventDefault();
  });
  chart.addEventListener("pointermove", function (event) {
    if (event.pointerType === "mouse" || event.buttons) {
      setAt(stepUnder(event));
    }
  });

  // Adding, copying

  var kinds = find("kinds");
  Object.keys(S.KINDS).forEach(function (kind) {
    kinds.append(element("option", { value: kind }, [S.KINDS[kind].label]));
  });
  find("add").addEventListener("click", function () {
    if (state.curves.length < S.MOST_CURVES) {
      state.curves.push(S.newCurve(kinds.value));
      rebuild();
    }
  });
  find("reset").addEventListener("click", function () {
    state = S.startState();
    rebuild();
  });

  function copy(text, source, said) {
    function done(how) {
      find("copied").textContent = how;
    }
    function select() {
      var range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done(document.execCommand("copy") ? said : "It is selected: press Ctrl+C.");
    }
    if (navigator.clipboard && navigator.clipboard.writeText) {
      navigator.clipboard.writeText(text).then(function () {
        done(said);
      }, select);
    } else {
      select();
    }
  }

  find("copy-code").addEventListener("click", function () {
    copy(S.code(state), find("code"), "The code is copied.");
  });
  find("link").addEventListener("click", function () {
    var address = location.href.split("#")[0] + S.write(state);
    find("address").textContent = address;
    copy(address, find("address"), "The link is copied: it shows this very picture.");
  });

  // Who comes with the Tab key sees where: not behind the chart, which stays at the top.
  var kept = root.querySelector(".ex-top");
  root.addEventListener("focusin", function (event) {
    if (kept.contains(event.target) || getComputedStyle(kept).position !== "sticky") {
      return;
    }
    var hidden = kept.getBoundingClientRect().bottom + 10 - event.target.getBoundingClientRect().top;
    if (hidden > 0 && event.target.matches(":focus-visible")) {
      window.scrollBy({ top: -hidden, behavior: "instant" });
    }
  });

  window.addEventListener("popstate", restore);
  window.addEventListener("hashchange", restore);
  window.addEventListener("resize", draw);

  root.classList.add("ex-ready");
  buildControls();
  update(READING);
})();
