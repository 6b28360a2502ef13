// Every schedule of the explorer: its formula, its settings, the Keras code that makes it.
// No page is needed here: tests/site/test_explorer.py runs this file beside the real schedules.
//
// A schedule is a tree: a number (a constant rate), or {name: class, args: {argument: value or tree}}.
// Arguments are those of the Python classes, so a tree becomes code word for word.

var Schedules = (function () {
  "use strict";

  // Formulas

  function clip(value) {
    return Math.min(Math.max(value, 0), 1);
  }

  function blend(start, end, weight) {
    return start * (1 - weight) + end * weight;
  }

  function halfCosine(progress) {
    return (1 - Math.cos(Math.PI * clip(progress))) / 2;
  }

  function rampUp(step, steps) {
    return clip((step + 1) / Math.max(steps, 1));
  }

  var FORMULAS = {
    // Keras
    CosineDecay: function (step, a) {
      var done = Math.min(step, a.decay_steps) / a.decay_steps;
      return a.initial_learning_rate * ((1 - a.alpha) * 0.5 * (1 + Math.cos(Math.PI * done)) + a.alpha);
    },
    CosineDecayRestarts: function (step, a) {
      var f = Math.fround; // Keras decides in float32 where a cycle begins
      var done = f(step / a.first_decay_steps);
      var cycle, part;
      if (a.t_mul === 1) {
        cycle = Math.floor(done);
        part = done - cycle;
      } else {
        cycle = Math.floor(f(f(Math.log(f(1 - f(done * f(1 - a.t_mul))))) / f(Math.log(f(a.t_mul)))));
        var length = Math.pow(a.t_mul, cycle);
        part = (step / a.first_decay_steps - (1 - length) / (1 - a.t_mul)) / length;
      }
      var height = 0.5 * Math.pow(a.m_mul, cycle) * (1 + Math.cos(Math.PI * part));
      return a.initial_learning_rate * ((1 - a.alpha) * height + a.alpha);
    },
    ExponentialDecay: function (step, a) {
      var periods = step / a.decay_steps;
      return a.initial_learning_rate * Math.pow(a.decay_rate, a.staircase ? Math.floor(periods) : periods);
    },
    InverseTimeDecay: function (step, a) {
      var periods = step / a.decay_steps;
      return a.initial_learning_rate / (1 + a.decay_rate * (a.staircase ? Math.floor(periods) : periods));
    },
    PolynomialDecay: function (step, a) {
      var left = 1 - Math.min(step, a.decay_steps) / a.decay_steps;
      return (a.initial_learning_rate - a.end_learning_rate) * Math.pow(left, a.power) + a.end_learning_rate;
    },
    PiecewiseConstantDecay: function (step, a) {
      var piece = 0;
      while (piece < a.boundaries.length && step > a.boundaries[piece]) {
        piece += 1;
      }
      return a.values[piece];
    },
    // helpers/schedules.py
    LinearDecay: function (step, a) {
      return blend(a.initial_learning_rate, a.end_learning_rate, clip(step / a.decay_steps));
    },
    WarmUp: function (step, a) {
      var climbed = rampUp(step, a.warmup_steps);
      if (a.shape === "cosine") {
        climbed = halfCosine(climbed);
      }
      return climbed * rate(a.schedule, Math.max(step - a.warmup_steps, 0));
    },
    OneCycle: function (step, a) {
      var top = Math.floor(a.pct_start * a.total_steps);
      var first = a.max_learning_rate / a.div_factor;
      if (step < top) {
        return blend(first, a.max_learning_rate, halfCosine(step / top));
      }
      var fallen = halfCosine((step - top) / (a.total_steps - top));
      return blend(a.max_learning_rate, first / a.final_div_factor, fallen);
    },
    WarmupStableDecay: function (step, a) {
      var cooled = clip((step - (a.total_steps - a.decay_steps)) / a.decay_steps);
      if (a.decay_shape === "1-sqrt") {
        cooled = Math.sqrt(cooled);
      } else if (a.decay_shape === "cosine") {
        cooled = halfCosine(cooled);
      }
      return a.peak_learning_rate * rampUp(step, a.warmup_steps) * (1 - cooled);
    },
    Sequence: function (step, a) {
      var place = 0;
      while (place < a.boundaries.length && step >= a.boundaries[place]) {
        place += 1;
      }
      return rate(a.schedules[place], step - (place ? a.boundaries[place - 1] : 0));
    },
    Triangular: function (step, a) {
      var cycle = 2 * a.step_size;
      var height = 1 - Math.abs((step % cycle) / a.step_size - 1);
      if (a.halve) {
        height *= Math.pow(0.5, Math.floor(step / cycle));
      }
      return blend(a.base_learning_rate, a.max_learning_rate, height);
    },
    Scaled: function (step, a) {
      return a.factor * rate(a.schedule, step);
    },
    // helpers/schedule_study.py
    InverseSquareRoot: function (step, a) {
      return a.peak_learning_rate * Math.sqrt(a.hold_steps / Math.max(step, a.hold_steps));
    },
  };

  /** The learning rate of a schedule at a step. */
  function rate(tree, step) {
    return typeof tree === "number" ? tree : FORMULAS[tree.name](step, tree.args);
  }

  function rates(tree, steps) {
    return steps.map(function (step) {
      return rate(tree, step);
    });
  }

  // Settings. A share is in per cent of the run.

  var RUN = {
    steps: { label: "Length of the run", unit: "steps", min: 20, max: 100000, log: true, whole: true, value: 1000 },
    peak: { label: "Peak rate", min: 0.00001, max: 10, log: true, value: 0.1 },
    floor: { label: "Floor", unit: "% of the peak", min: 0, max: 50, step: 1, value: 0 },
  };

  var WARM_UP = {
    warmup: { label: "Warm-up", unit: "% of the run", min: 0, max: 50, step: 1, value: 0 },
    shape: { label: "Shape of the warm-up", choices: ["linear", "cosine"], value: "linear" },
    times: { label: "Times a factor", min: 0, max: 3, step: 0.05, value: 1 },
  };

  function tidy(number) {
    return Number(number.toPrecision(10));
  }

  function make(name, args) {
    return { name: name, args: args };
  }

  function atLeastOne(steps) {
    return Math.max(1, Math.round(steps));
  }

  // What each kind builds from (settings of the curve, peak, floor as a share, steps after a warm-up).
  var KINDS = {
    constant: {
      label: "Constant",
      colour: "constant",
      settings: {},
      build: function (c, peak) {
        return peak;
      },
    },
    linear: {
      label: "Linear decay",
      colour: "linear",
      settings: {},
      build: function (c, peak, floor, steps) {
        return make("LinearDecay", {
          initial_learning_rate: peak,
          decay_steps: steps,
          end_learning_rate: tidy(peak * floor),
        });
      },
    },
    cosine: {
      label: "Cosine decay",
      colour: "cosine",
      settings: {},
      build: function (c, peak, floor, steps) {
        return make("CosineDecay", { initial_learning_rate: peak, decay_steps: steps, alpha: floor });
      },
    },
    "one-cycle": {
      label: "One-cycle",
      colour: "one-cycle",
      settings: {
        rise: { label: "Share of the rise", unit: "% of the run", min: 5, max: 95, step: 1, value: 30 },
        first: { label: "Peak divided by the first rate", min: 1, max: 1000, log: true, value: 25 },
        last: { label: "First rate divided by the last", min: 1, max: 100000, log: true, value: 10000 },
      },
      build: function (c, peak, floor, steps) {
        var share = c.rise / 100;
        if (Math.floor(share * steps) < 1) {
          share = Math.ceil(10000 / steps) / 10000;
        }
        return make("OneCycle", {
          max_learning_rate: peak,
          total_steps: steps,
          pct_start: share,
          div_factor: c.first,
          final_div_factor: c.last,
        });
      },
    },
    wsd: {
      label: "Warmup-stable-decay",
      colour: "wsd",
      settings: {
        cooldown: { label: "Cooldown", unit: "% of the run", min: 1, max: 100, step: 1, value: 20 },
        fall: { label: "Shape of the cooldown", choices: ["1-sqrt", "linear", "cosine"], value: "1-sqrt" },
      },
      build: function (c, peak, floor, steps, warmup, all) {
        var own = c.shape === "linear" ? warmup : 0; // its own warm-up is a straight line
        return make("WarmupStableDecay", {
          peak_learning_rate: peak,
          total_steps: steps + own,
          warmup_steps: own,
          decay_steps: Math.min(steps, atLeastOne((all * c.cooldown) / 100)),
          decay_shape: c.fall,
        });
      },
    },
    step: {
      label: "Stairs",
      colour: "step",
      settings: {
        drops: { label: "Drops", min: 1, max: 9, step: 1, whole: true, value: 2 },
        factor: { label: "Factor of each drop", min: 0.05, max: 0.95, step: 0.05, value: 0.1 },
        made: { label: "Written as", choices: ["Sequence", "PiecewiseConstantDecay"], value: "Sequence" },
      },
      build: function (c, peak, floor, steps) {
        var stairs = [peak];
        var starts = [];
        for (var drop = 1; drop <= c.drops; drop += 1) {
          var start = atLeastOne((drop * steps) / (c.drops + 1));
          if (start > (starts[starts.length - 1] || 0)) {
            starts.push(start);
            stairs.push(tidy(peak * Math.pow(c.factor, drop)));
          }
        }
        if (c.made === "Sequence") {
          return make("Sequence", { schedules: stairs, boundaries: starts });
        }
        var lastSteps = starts.map(function (start) {
          return start - 1; // Keras switches one step after its boundary
        });
        return make("PiecewiseConstantDecay", { boundaries: lastSteps, values: stairs });
      },
    },
    exponential: {
      label: "Exponential decay",
      colour: "exponential",
      settings: {
        end: { label: "Last rate", unit: "% of the peak", min: 0.01, max: 100, log: true, value: 1 },
      },
      build: function (c, peak, floor, steps) {
        return make("ExponentialDecay", {
          initial_learning_rate: peak,
          decay_steps: steps,
          decay_rate: tidy(c.end / 100),
          staircase: false,
        });
      },
    },
    "hold-exponential": {
      label: "Constant, then exponential",
      colour: "constant then exponential",
      settings: {
        hold: { label: "Constant for", unit: "% of the run", min: 1, max: 90, step: 1, value: 40 },
        end: { label: "Last rate", unit: "% of the peak", min: 0.01, max: 100, log: true, value: 1 },
      },
      build: function (c, peak, floor, steps) {
        var hold = Math.min(atLeastOne((steps * c.hold) / 100), steps - 1);
        var fall = KINDS.exponential.build(c, peak, floor, steps - hold);
        return make("Sequence", { schedules: [peak, fall], boundaries: [hold] });
      },
    },
    "time-based": {
      label: "Time-based decay",
      colour: "time-based",
      settings: {
        end: { label: "Last rate", unit: "% of the peak", min: 1, max: 100, log: true, value: 10 },
      },
      build: function (c, peak, floor, steps) {
        return make("InverseTimeDecay", {
          initial_learning_rate: peak,
          decay_steps: steps,
          decay_rate: tidy(100 / c.end - 1),
          staircase: false,
        });
      },
    },
    polynomial: {
      label: "Polynomial decay",
      colour: "hold then decay",
      settings: { power: { label: "Power", min: 0.25, max: 5, step: 0.25, value: 2 } },
      build: function (c, peak, floor, steps) {
        return make("PolynomialDecay", {
          initial_learning_rate: peak,
          decay_steps: steps,
          end_learning_rate: tidy(peak * floor),
          power: c.power,
        });
      },
    },
    "square-root": {
      label: "Inverse square root",
      colour: "inverse square root",
      settings: {
        hold: { label: "Constant for", unit: "% of the run", min: 1, max: 90, step: 1, value: 5 },
      },
      build: function (c, peak, floor, steps) {
        return make("InverseSquareRoot", {
          peak_learning_rate: peak,
          hold_steps: atLeastOne((steps * c.hold) / 100),
        });
      },
    },
    restarts: {
      label: "Cosine with restarts",
      colour: "cosine restarts",
      settings: {
        cycles: { label: "Cycles", min: 1, max: 6, step: 1, whole: true, value: 3 },
        longer: { label: "Next cycle longer by the factor", choices: ["1", "2"], value: "2" },
        height: { label: "Next cycle higher by the factor", min: 0.1, max: 1, step: 0.05, value: 1 },
      },
      build: function (c, peak, floor, steps) {
        var parts = c.longer === "1" ? c.cycles : Math.pow(2, c.cycles) - 1;
        return make("CosineDecayRestarts", {
          initial_learning_rate: peak,
          first_decay_steps: Math.max(1, Math.ceil(steps / parts)),
          t_mul: Number(c.longer),
          m_mul: c.height,
          alpha: floor,
        });
      },
    },
    triangular: {
      label: "Triangular cycles",
      colour: "triangular",
      settings: {
        cycles: { label: "Cycles", min: 1, max: 10, step: 1, whole: true, value: 3 },
        halve: { label: "Each cycle half as high", choices: ["no", "yes"], value: "no" },
      },
      build: function (c, peak, floor, steps) {
        return make("Triangular", {
          base_learning_rate: tidy(peak * floor),
          max_learning_rate: peak,
          step_size: atLeastOne(steps / (2 * c.cycles)),
          halve: c.halve === "yes",
        });
      },
    },
  };

  /** All settings of a kind, with those that every kind has. */
  function settingsOf(kind) {
    return Object.assign({}, KINDS[kind].settings, WARM_UP);
  }

  /** The schedule that a curve of a state stands for. */
  function tree(state, curve) {
    var all = state.steps;
    var warmup = Math.round((all * curve.warmup) / 100);
    var steps = all - warmup;
    var built = KINDS[curve.kind].build(curve, state.peak, state.floor / 100, steps, warmup, all);
    var ownWarmUp = built.name === "WarmupStableDecay" && built.args.warmup_steps === warmup;
    if (warmup && !ownWarmUp) {
      built = make("WarmUp", { schedule: built, warmup_steps: warmup, shape: curve.shape });
    }
    if (curve.times !== 1) {
      built = make("Scaled", { schedule: built, factor: curve.times });
    }
    return built;
  }

  /** Whether a kind of schedule ends at the floor: a constant, say, has none. */
  function hasFloor(kind) {
    function built(floor) {
      return JSON.stringify(KINDS[kind].build(newCurve(kind), 1, floor, 1000, 0, 1000));
    }
    return built(0) !== built(0.5);
  }

  /** What to say below the floor's slider: which curves it does not change. */
  function floorNote(state) {
    var all = names(state);
    var without = all.filter(function (name, index) {
      return !hasFloor(state.curves[index].kind);
    });
    return without.length ? "The floor does not change: " + without.join(", ") + "." : "";
  }

  // The state, and the address that holds it:
  // #steps=1000&peak=0.1&floor=0&axis=linear&at=500&show=cosine,warmup:5&show=wsd,cooldown:30

  function startState() {
    return read("show=cosine,warmup:5&show=one-cycle&show=wsd,warmup:5");
  }

  function newCurve(kind) {
    var curve = { kind: kind };
    var settings = settingsOf(kind);
    Object.keys(settings).forEach(function (name) {
      curve[name] = settings[name].value;
    });
    return curve;
  }

  /** A value as a setting allows it; its default if it is none at all. */
  function allowed(setting, value) {
    if (setting.choices) {
      return setting.choices.indexOf(String(value)) < 0 ? setting.value : String(value);
    }
    var number = Number(value);
    if (value === "" || value === null || !isFinite(number)) {
      return setting.value;
    }
    number = Math.min(Math.max(number, setting.min), setting.max);
    return setting.whole ? Math.round(number) : number;
  }

  /** The state that an address holds; what it does not say, or says wrongly, is the default. */
  function read(address) {
    var state = { steps: RUN.steps.value, peak: RUN.peak.value, floor: RUN.floor.value };
    state.axis = "linear";
    state.at = null;
    state.curves = [];
    address.replace(/^[#?]/, "").split("&").forEach(function (part) {
      var cut = part.indexOf("=");
      var name = part.slice(0, cut);
      var value = part.slice(cut + 1).replace(/%2C/gi, ",").replace(/%3A/gi, ":");
      if (Object.prototype.hasOwnProperty.call(RUN, name)) {
        state[name] = allowed(RUN[name], value);
      } else if (name === "axis" && value === "log") {
        state.axis = "log";
      } else if (name === "at") {
        state.at = Number(value);
      } else if (name === "show") {
        var words = value.split(",");
        if (Object.prototype.hasOwnProperty.call(KINDS, words[0]) && state.curves.length < MOST_CURVES) {
          state.curves.push(readCurve(words));
        }
      }
    });
    if (state.at === null || !isFinite(state.at)) {
      state.at = Math.round(state.steps / 2);
    }
    state.at = Math.min(Math.max(Math.round(state.at), 0), state.steps);
    return state;
  }

  function readCurve(words) {
    var curve = newCurve(words[0]);
    var settings = settingsOf(curve.kind);
    words.slice(1).forEach(function (word) {
      var pair = word.split(":");
      if (Object.prototype.hasOwnProperty.call(settings, pair[0])) {
        curve[pair[0]] = allowed(settings[pair[0]], pair[1]);
      }
    });
    return curve;
  }

  /** The address of a state, without what is as by default. */
  function write(state) {
    var parts = ["steps=" + state.steps, "peak=" + state.peak, "floor=" + state.floor];
    parts.push("axis=" + state.axis, "at=" + state.at);
    state.curves.forEach(function (curve) {
      var settings = settingsOf(curve.kind);
      var words = [curve.kind];
      Object.keys(settings).forEach(function (name) {
        if (curve[name] !== settings[name].value) {
          words.push(name + ":" + curve[name]);
        }
      });
      parts.push("show=" + words.join(","));
    });
    return "#" + parts.join("&");
  }

  var MOST_CURVES = 6; // as many as there are line styles

  // Names and code

  function names(state) {
    var count = {};
    return state.curves.map(function (curve) {
      count[curve.kind] = (count[curve.kind] || 0) + 1;
      return KINDS[curve.kind].label + (count[curve.kind] > 1 ? " " + count[curve.kind] : "");
    });
  }

  function variables(state) {
    return names(state).map(function (name) {
      return name.toLowerCase().replace(/[^a-z0-9]+/g, "_");
    });
  }

  var HOMES = {
    "keras.optimizers.schedules": [
      "CosineDecay",
      "CosineDecayRestarts",
      "ExponentialDecay",
      "InverseTimeDecay",
      "PiecewiseConstantDecay",
      "PolynomialDecay",
    ],
    "helpers.schedule_study": ["InverseSquareRoot"],
    "helpers.schedules": [
      "LinearDecay",
      "OneCycle",
      "Scaled",
      "Sequence",
      "Triangular",
      "WarmUp",
      "WarmupStableDecay",
    ],
  };

  function classesOf(tree, found) {
    if (Array.isArray(tree)) {
      tree.forEach(function (part) {
        classesOf(part, found);
      });
    } else if (tree && tree.name) {
      found[tree.name] = true;
      Object.keys(tree.args).forEach(function (name) {
        classesOf(tree.args[name], found);
      });
    }
    return found;
  }

  // Every other number is written with a point: Keras computes a rate of 1 in whole numbers.
  var WHOLE = /steps$|^step_size$|^boundaries$/;

  function python(value, indent, argument) {
    if (Array.isArray(value)) {
      var items = value.map(function (item) {
        return python(item, indent + "    ", argument);
      });
      var short = "[" + items.join(", ") + "]";
      if (short.length < 60 && short.indexOf("\n") < 0) {
        return short;
      }
      return "[\n" + items.map(line(indent)).join("") + indent + "]";
    }
    if (value && value.name) {
      var args = Object.keys(value.args).map(function (name) {
        return name + "=" + python(value.args[name], indent + "    ", name);
      });
      var inOneLine = value.name + "(" + args.join(", ") + ")";
      if (inOneLine.length + indent.length < 72 && inOneLine.indexOf("\n") < 0) {
        return inOneLine;
      }
      return value.name + "(\n" + args.map(line(indent)).join("") + indent + ")";
    }
    if (typeof value === "boolean") {
      return value ? "True" : "False";
    }
    if (typeof value === "string") {
      return '"' + value + '"';
    }
    return String(value) + (Number.isInteger(value) && !WHOLE.test(argument) ? ".0" : "");
  }

  function line(indent) {
    return function (item) {
      return indent + "    " + item + ",\n";
    };
  }

  /** Python code that makes every schedule of a state, imports included. */
  function code(state) {
    var trees = state.curves.map(function (curve) {
      return tree(state, curve);
    });
    var used = classesOf(trees, {});
    var lines = ["import keras"];
    Object.keys(HOMES).forEach(function (home) {
      var here = HOMES[home].filter(function (name) {
        return used[name];
      });
      if (here.length) {
        var imported = "from " + home + " import " + here.join(", ");
        lines.push(imported.length < 89 ? imported : "from " + home + " import (\n" + here.map(line("")).join("") + ")");
      }
    });
    var called = variables(state);
    trees.forEach(function (one, index) {
      lines.push("", called[index] + " = " + python(one, "", ""));
    });
    if (trees.length) {
      lines.push("", "optimizer = keras.optimizers.SGD(learning_rate=" + called[0] + ")");
    }
    return lines.join("\n") + "\n";
  }

  return {
    FORMULAS: FORMULAS,
    KINDS: KINDS,
    MOST_CURVES: MOST_CURVES,
    RUN: RUN,
    allowed: allowed,
    code: code,
    floorNote: floorNote,
    names: names,
    newCurve: newCurve,
    rate: rate,
    rates: rates,
    read: read,
    settingsOf: settingsOf,
    startState: startState,
    tree: tree,
    variables: variables,
    write: write,
  };
})();
