/** The few CloudFormation shapes that the resources need. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
export type Resource = {
  readonly Type: string;
  readonly Properties: { readonly [key: string]: Value };
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: "Retain";
  readonly UpdateReplacePolicy?: "Retain";
};
export type Resources = Readonly<Record<string, Resource>>;

export const ref = (logicalId: string): Value => ({ Ref: logicalId });
export const arnOf = (logicalId: string): Value => ({ "Fn::GetAtt": [logicalId, "Arn"] });

/** `${AWS::…}` inside is CloudFormation's. */
export const sub = (text: string): Value => ({ "Fn::Sub": text });

export const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
