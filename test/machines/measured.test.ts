// One after the other, in one process: what measures under load runs beside nothing else that does.
import "./measured/balancing";
import "./measured/azure";
import "./measured/release";
import "./measured/balancer-loss";
import "./measured/loopback";
