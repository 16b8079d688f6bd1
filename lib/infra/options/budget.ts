import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import { checkLabName, checkWholeNumber } from '../check-props.ts';

/** Props of {@link LabBudget}. */
export interface LabBudgetProps {
  /** The lab's name: the value of the tag `c1mlab:lab` on what is counted. */
  readonly labName: string;
  /** US dollars a month: 1 to 1 000 000. */
  readonly monthlyUsd: number;
  /**
   * Who hears that 80 % are spent, or that all will be: an e-mail address, or the ARN of a topic, which must let Budgets publish.
   * @default - the budget is only shown in the console
   */
  readonly notify?: string;
}

/**
 * A budget on what carries the lab's tag. AWS counts by tag only once an account has activated the tag `c1mlab:lab` as a cost
 * allocation tag (Billing console), and bills up to a day late: the lifetimes end hosts, this tells of what they missed.
 */
export class LabBudget extends Construct {
  constructor(scope: Construct, id: string, props: LabBudgetProps) {
    super(scope, id);
    checkLabName(this.node.path, props.labName);
    checkWholeNumber(this, 'monthlyUsd', props.monthlyUsd, [1, 1_000_000]);
    const { notify } = props;
    const subscribers =
      notify === undefined ? [] : [{ subscriptionType: notify.startsWith('arn:') ? 'SNS' : 'EMAIL', address: notify }];
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: props.monthlyUsd, unit: 'USD' },
        // A tag of a user is `user:KEY$VALUE` ("Budget", CostFilters, AWS Budgets API).
        costFilters: { TagKeyValue: [`user:c1mlab:lab$${props.labName}`] },
      },
      ...(subscribers.length === 0
        ? {}
        : {
            notificationsWithSubscribers: [
              { type: 'ACTUAL', threshold: 80 },
              { type: 'FORECASTED', threshold: 100 },
            ].map(({ type, threshold }) => ({
              notification: {
                notificationType: type,
                comparisonOperator: 'GREATER_THAN',
                threshold,
                thresholdType: 'PERCENTAGE',
              },
              subscribers,
            })),
          }),
    });
  }
}
