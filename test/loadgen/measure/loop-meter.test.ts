import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LoopMeter } from '../../../assets/loadgen/measure/loop-meter.ts';

describe('the meter of the loop', () => {
  test('counts for a phase what the loop does from its beginning on, not what prepares it', () => {
    const meter = new LoopMeter();
    meter.begin(1_000_000);
    meter.tookIteration(700_000, 760_000);
    assert.equal(meter.maxIteration, 0);
    meter.tookIteration(1_000_000, 1_002_000);
    assert.equal(meter.maxIteration, 2_000);
    meter.driving = false;
    meter.tookIteration(3_000_000, 3_090_000);
    assert.equal(meter.maxIteration, 2_000, 'nor what comes after it');
    meter.begin(4_000_000);
    assert.equal(meter.maxIteration, 0, 'nor what an earlier phase did');
  });

  test('counts the work of a phase that is begun more than 25 ms late', () => {
    const meter = new LoopMeter();
    meter.wasDelayed(90_000);
    meter.begin(1_000_000);
    meter.wasDelayed(24_000);
    meter.wasDelayed(26_000);
    meter.wasDelayed(40_000);
    assert.equal(meter.lateWork, 2);
    meter.begin(4_000_000);
    assert.equal(meter.lateWork, 0);
  });

  test('notices a loop that stands still though nothing is due', () => {
    const meter = new LoopMeter();
    meter.begin(1_000_000);
    const due = meter.beat(700_000);
    assert.equal(due, 1_100_000);
    meter.beat(due + 400_000);
    assert.equal(meter.maxSchedulingDelay, 400_000);
    assert.equal(meter.lateWork, 0, 'but no work was late');
  });
});
