/** What a handler in a class without a package sees; all of it is in {@link shortedfaas.Environment}. */
public class Environment extends shortedfaas.Environment {}
