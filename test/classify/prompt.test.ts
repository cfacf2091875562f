import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { legibility, plain, promptText } from '../../src/classify/prompt.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 400 });

describe('what the encoder reads', () => {
  test('is the title, a new line and the text, with white space collapsed', () => {
    expect(promptText({ title: '  Weekly \t sync ', text: 'Agenda:\r\n\r\n1. open  tickets' })).toBe(
      'Weekly sync\nAgenda: 1. open tickets',
    );
  });

  test('is the other part alone when title or text is blank', () => {
    expect(promptText({ title: ' ', text: 'Great service' })).toBe('Great service');
    expect(promptText({ title: 'Great service', text: '\n\t' })).toBe('Great service');
    expect(promptText({ title: '', text: '' })).toBe('');
  });

  test('holds neither NULs nor lone surrogates', () => {
    expect(promptText({ title: 'a\u0000b', text: 'c\uD800d' })).toBe('ab\nc\uFFFDd');
  });

  test('keeps room for the text behind an endless title', () => {
    const prompt = promptText({ title: 'x'.repeat(100_000), text: 'the text' });
    expect(prompt).toMatch(/\nthe text$/);
    expect(prompt.length).toBe(500 + '\nthe text'.length);
  });

  test('is bounded and never cut inside a surrogate pair', () => {
    const prompt = promptText({ title: '', text: '😀'.repeat(5_000_000) });
    expect(prompt.length).toBeLessThanOrEqual(8_000);
    expect(prompt.isWellFormed()).toBe(true);
  });

  test('is well-formed, and stays as it is when cleaned again, whatever comes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = plain(text);
        expect(once.isWellFormed()).toBe(true);
        expect(once).not.toContain('\u0000');
        expect(plain(once)).toBe(once);
      }),
    );
  });
});

describe('legibility', () => {
  test.each([
    ['', 'nothing'],
    ['.', 'nothing'],
    ['😀👍', 'nothing'],
    ['— … !', 'nothing'],
    ['10', 'good'],
    ['Réunion trimestrielle', 'good'],
    ['Thanks 🙏', 'good'],
    ['四半期レビュー', 'poor'],
    ['Отличная поддержка', 'poor'],
    ['ขอบคุณมาก ok', 'poor'],
  ])('of %j is %s', (text, expected) => {
    expect(legibility(text)).toBe(expected);
  });
});
