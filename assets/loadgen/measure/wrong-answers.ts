/** How answers to a phase's messages were wrong: `3 changed or elsewhere`, `2 twice`, `1 out of order`; empty when none was. */
export function wrongAnswers({
  wrong = 0,
  doubled = 0,
  outOfOrder = 0,
}: {
  readonly wrong?: number | undefined;
  readonly doubled?: number | undefined;
  readonly outOfOrder?: number | undefined;
}): readonly string[] {
  return [
    ...(wrong > doubled ? [`${wrong - doubled} changed or elsewhere`] : []),
    ...(doubled > 0 ? [`${doubled} twice`] : []),
    ...(outOfOrder > 0 ? [`${outOfOrder} out of order`] : []),
  ];
}
