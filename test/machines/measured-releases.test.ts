// One after the other, in one process: each measures what users meet under load.
import "./measured/azure";
import "./measured/release";
