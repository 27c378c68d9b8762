/** As `/healthz` and the hello of the link show it. */
export const SERVER_VERSION = "0.1.0";
