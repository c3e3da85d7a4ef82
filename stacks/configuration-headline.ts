/** First words of a {@link ConfigurationError}, by which a plan tells a wrong configuration from a failing program. */
export const configurationHeadline = "Wrong configuration:";
