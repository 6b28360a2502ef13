// The chart and the table of a state, as text: the page shows it, the build draws the first one.

var Chart = (function () {
  "use strict";

  // The course's line styles, in the course's order: lines are told apart in grey, too.
  var DASHES = ["", "9 5", "10 4 2 4", "2 4", "9 3 2 3 2 3", "16 6"];
  var LEFT = 62;
  var RIGHT = 26;
  var TOP = 12;
  var BOTTOM = 46;
  var POINTS = 1200;

  function short(value) {
    if (value === 0) {
      return "0";
    }
    var size = Math.abs(value);
    if (size < 0.0001 || size >= 1e6) {
      return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
    }
    return String(Number(value.toPrecision(4)));
  }

  function count(value) {
    return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  }

  /** Steps to draw: all of a short run; of a long one a choice, with both sides of every jump. */
  function stepsToDraw(state, trees) {
    var last = state.steps;
    var steps = {};
    var every = Math.max(1, last / POINTS);
    for (var place = 0; place < last; place += every) {
      steps[Math.round(place)] = true;
    }
    steps[last] = true;
    trees.forEach(function (tree) {
      corners(tree, 0, last, steps);
    });
    return Object.keys(steps).map(Number).sort(function (a, b) {
      return a - b;
    });
  }

  function corners(tree, start, last, steps) {
    function corner(step) {
      [step - 1, step, step + 1].forEach(function (near) {
        if (start + near >= 0 && start + near <= last) {
          steps[start + near] = true;
        }
      });
    }
    if (!tree || !tree.name) {
      return;
    }
    var a = tree.args;
    if (tree.name === "WarmUp") {
      corner(a.warmup_steps);
      corners(a.schedule, start + a.warmup_steps, last, steps);
    } else if (tree.name === "Scaled") {
      corners(a.schedule, start, last, steps);
    } else if (tree.name === "Sequence") {
      a.schedules.forEach(function (one, index) {
        var begins = index ? a.boundaries[index - 1] : 0;
        corner(begins);
        corners(one, start + begins, last, steps);
      });
    } else if (tree.name === "PiecewiseConstantDecay") {
      a.boundaries.forEach(function (step) {
        corner(step + 1);
      });
    } else if (tree.name === "WarmupStableDecay") {
      corner(a.warmup_steps);
      corner(a.total_steps - a.decay_steps);
    } else if (tree.name === "CosineDecayRestarts") {
      var length = a.first_decay_steps;
      for (var end = length; end <= last && length > 2; end += length) {
        corner(end);
        length *= a.t_mul;
      }
    } else if (tree.name === "Triangular" && a.step_size > 2) {
      for (var turn = a.step_size; turn <= last; turn += a.step_size) {
        corner(turn);
      }
    }
  }

  function niceTicks(low, high, wanted) {
    var rough = (high - low) / wanted;
    var power = Math.pow(10, Math.floor(Math.log10(rough)));
    var unit = [1, 2, 5, 10].filter(function (size) {
      return size * power >= rough * 0.999;
    })[0] * power;
    var ticks = [];
    for (var value = Math.ceil(low / unit) * unit; value <= high + unit * 1e-6; value += unit) {
      ticks.push(Number(value.toPrecision(10)));
    }
    return ticks;
  }

  /** The vertical axis: place(rate) in 0..1 from the bottom, and its ticks. */
  function axisOf(state, lines) {
    var highest = 0;
    var lowest = Infinity;
    lines.forEach(function (rates) {
      rates.forEach(function (rate) {
        highest = Math.max(highest, rate);
        if (rate > 0) {
          lowest = Math.min(lowest, rate);
        }
      });
    });
    highest = highest || 1;
    if (state.axis === "log") {
      var top = Math.ceil(Math.log10(highest) * 4 - 1e-9) / 4 + 0.04;
      var bottom = Math.max(Math.log10(isFinite(lowest) ? lowest : highest / 10), top - 6);
      bottom = Math.min(Math.floor(bottom), top - 1);
      var powers = [];
      for (var power = Math.ceil(bottom); power <= top; power += 1) {
        powers.push(Math.pow(10, power));
      }
      return {
        ticks: powers,
        place: function (rate) {
          return rate > 0 ? (Math.log10(rate) - bottom) / (top - bottom) : -0.5;
        },
      };
    }
    var high = highest * 1.05;
    return {
      ticks: niceTicks(0, high, 6),
      place: function (rate) {
        return rate / high;
      },
    };
  }

  function colour(curve) {
    return "var(--line-" + Schedules.KINDS[curve.kind].colour.replace(/ /g, "-") + ")";
  }

  function stroke(curve, index) {
    return 'stroke="currentColor" style="color:' + colour(curve) + '" stroke-dasharray="' + DASHES[index % DASHES.length] + '"';
  }

  function summary(state) {
    var names = Schedules.names(state);
    var shown = names.length ? names.join(", ") : "no schedule";
    return "Learning rate against step, " + count(state.steps) + " steps: " + shown + ". The table below has the values.";
  }

  /** The chart as SVG. */
  function svg(state, width, height) {
    var trees = state.curves.map(function (curve) {
      return Schedules.tree(state, curve);
    });
    var steps = stepsToDraw(state, trees);
    var lines = trees.map(function (tree) {
      return Schedules.rates(tree, steps);
    });
    var axis = axisOf(state, lines);
    var wide = width - LEFT - RIGHT;
    var high = height - TOP - BOTTOM;
    function x(step) {
      return (LEFT + (wide * step) / state.steps).toFixed(1);
    }
    function y(rate) {
      return (TOP + high * (1 - axis.place(rate))).toFixed(1);
    }
    var out = ['<svg class="ex-svg" viewBox="0 0 ' + width + " " + height + '" width="' + width + '" height="' + height + '" role="img" aria-label="' + summary(state) + '">'];
    out.push('<clipPath id="ex-clip"><rect x="' + LEFT + '" y="' + (TOP - 4) + '" width="' + (wide + 2) + '" height="' + (high + 6) + '"/></clipPath>');
    axis.ticks.forEach(function (tick) {
      if (axis.place(tick) <= 1) {
        out.push('<line class="ex-grid" x1="' + LEFT + '" x2="' + (LEFT + wide) + '" y1="' + y(tick) + '" y2="' + y(tick) + '"/>');
        out.push('<text class="ex-tick" text-anchor="end" x="' + (LEFT - 7) + '" y="' + (Number(y(tick)) + 4) + '">' + short(tick) + "</text>");
      }
    });
    niceTicks(0, state.steps, width < 500 ? 3 : 6).forEach(function (tick) {
      out.push('<line class="ex-grid" x1="' + x(tick) + '" x2="' + x(tick) + '" y1="' + TOP + '" y2="' + (TOP + high) + '"/>');
      out.push('<text class="ex-tick" text-anchor="middle" x="' + x(tick) + '" y="' + (TOP + high + 17) + '">' + count(tick) + "</text>");
    });
    out.push('<path class="ex-axis" d="M' + LEFT + " " + TOP + "V" + (TOP + high) + "H" + (LEFT + wide) + '"/>');
    out.push('<text class="ex-name" text-anchor="middle" x="' + (LEFT + wide / 2) + '" y="' + (height - 8) + '">step</text>');
    out.push('<text class="ex-name" text-anchor="middle" transform="translate(13 ' + (TOP + high / 2) + ') rotate(-90)">learning rate</text>');
    out.push('<line class="ex-cursor" x1="' + x(state.at) + '" x2="' + x(state.at) + '" y1="' + TOP + '" y2="' + (TOP + high) + '"/>');
    out.push('<g clip-path="url(#ex-clip)">');
    lines.forEach(function (rates, index) {
      var points = rates.map(function (rate, place) {
        return x(steps[place]) + " " + y(rate);
      });
      out.push('<path class="ex-line" fill="none" ' + stroke(state.curves[index], index) + ' d="M' + points.join("L") + '"/>');
    });
    out.push("</g>");
    trees.forEach(function (tree, index) {
      var rate = Schedules.rate(tree, state.at);
      if (axis.place(rate) >= 0) {
        out.push('<circle class="ex-dot" r="5" cx="' + x(state.at) + '" cy="' + y(rate) + '" fill="currentColor" style="color:' + colour(state.curves[index]) + '"/>');
      }
    });
    out.push("</svg>");
    return out.join("");
  }

  /** The step that a place in the chart stands for. */
  function stepAt(state, width, place) {
    var share = (place - LEFT) / (width - LEFT - RIGHT);
    return Math.min(Math.max(Math.round(share * state.steps), 0), state.steps);
  }

  function swatch(curve, index) {
    return '<svg class="ex-swatch" viewBox="0 0 44 8" width="44" height="8" aria-hidden="true"><path class="ex-line" fill="none" d="M1 4H43" ' + stroke(curve, index) + "/></svg>";
  }

  function meanRate(tree, steps) {
    var every = Math.max(1, Math.floor(steps / 2000));
    var sum = 0;
    var asked = 0;
    for (var step = 0; step < steps; step += every) {
      sum += Schedules.rate(tree, step);
      asked += 1;
    }
    return sum / asked;
  }

  /** Key values as a table: what the picture shows, in words and numbers. */
  function table(state) {
    var columns = [
      ["step " + count(state.at), state.at],
      ["first", 0],
      ["at a quarter", Math.round(state.steps / 4)],
      ["half-way", Math.round(state.steps / 2)],
      ["at three quarters", Math.round((3 * state.steps) / 4)],
      ["last (step " + count(state.steps - 1) + ")", state.steps - 1],
    ];
    var head = columns.map(function (column) {
      return '<th scope="col">' + column[0] + "</th>";
    });
    var names = Schedules.names(state);
    var rows = state.curves.map(function (curve, index) {
      var tree = Schedules.tree(state, curve);
      var cells = columns.map(function (column) {
        return "<td>" + short(Schedules.rate(tree, column[1])) + "</td>";
      });
      cells.push("<td>" + short(meanRate(tree, state.steps)) + "</td>");
      return '<tr><th scope="row">' + swatch(curve, index) + " " + names[index] + "</th>" + cells.join("") + "</tr>";
    });
    return (
      '<table class="ex-table"><caption>Learning rates of the lines above</caption><thead><tr><th scope="col">schedule</th>' +
      head.join("") + '<th scope="col">mean</th></tr></thead><tbody>' + rows.join("") + "</tbody></table>"
    );
  }

  /** The rates at the chosen step as a sentence. */
  function reading(state) {
    var names = Schedules.names(state);
    var parts = state.curves.map(function (curve, index) {
      return names[index] + " " + short(Schedules.rate(Schedules.tree(state, curve), state.at));
    });
    return "Step " + count(state.at) + " of " + count(state.steps) + ": " + (parts.join("; ") || "no schedule") + ".";
  }

  return { count: count, reading: reading, short: short, stepAt: stepAt, svg: svg, swatch: swatch, table: table };
})();
