/**
 * Has messages of Pulumi's protocol be put into others at less expense. A message keeps its fields in an array too, and
 * brings that up to date, with those of all messages in it, each time it is put into another: what lies deep is walked once
 * for each level above it. Only who asks for the array needs that, and gets it then.
 *
 * @param {NodeJS.Require} requireFromPulumi
 */
function putAtLessExpense(requireFromPulumi) {
    const { Message, Map } = requireFromPulumi("google-protobuf");
    const { toArray } = Message.prototype;
    if (toArray.isLean) {
        return;
    }
    const [inner, own] = shortNames(Message);
    let putting = 0;
    const array = function () {
        return putting > 0 ? this[own] : toArray.call(this);
    };
    const put = (act) =>
        function (...args) {
            putting++;
            try {
                return act.apply(this, args);
            } finally {
                putting--;
            }
        };
    Message.prototype[inner] = Message.prototype.toArray = Object.assign(array, { isLean: true });
    for (const name of [
        "setWrapperField",
        "setOneofWrapperField",
        "setRepeatedWrapperField",
        "addToRepeatedWrapperField",
    ]) {
        Message[name] = put(Message[name]);
    }
    const { getEntryList } = Map.prototype;
    Map.prototype.set = put(Map.prototype.set);
    Map.prototype.getEntryList = function () {
        this.toArray();
        return getEntryList.call(this);
    };
}

/** What the library itself, which is compressed, calls `toArray`, and the property that holds the array. */
function shortNames(Message) {
    const { prototype } = Message;
    const inner = Object.keys(prototype).find((name) => name !== "toArray" && prototype[name] === prototype.toArray);
    const [probe, array] = [Object.create(prototype), []];
    Message.initialize(probe, array, 0, -1);
    const own = Object.keys(probe).find((name) => probe[name] === array);
    if (inner === undefined || own === undefined) {
        throw new Error("google-protobuf is laid out otherwise");
    }
    return [inner, own];
}

module.exports = { putAtLessExpense };
