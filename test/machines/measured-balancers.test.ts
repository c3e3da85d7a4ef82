// One after the other, in one process: each measures what users meet under load.
import "./measured/balancing";
import "./measured/balancer-loss";
import "./measured/loopback";
