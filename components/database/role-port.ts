/** Port on which a database machine tells balancers, and the other machine, what it is. */
export const rolePort = 8008;
