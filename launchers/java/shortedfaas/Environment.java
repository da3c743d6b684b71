package shortedfaas;

import java.util.LinkedHashMap;
import java.util.Map;

/** One call, as its handler sees it. A fresh one for each call. */
public class Environment {
    /** HTTP status of the answer: 200, or 202 in an asynchronous call, unless the handler sets another. */
    public int code = 200;
    /** Headers of the answer; a value is a text or a list of texts. */
    public Map<String, Object> response_headers = new LinkedHashMap<>();
    /** Names in lower case. */
    public Map<String, String> headers;
    public String method;
    public String path;
    /** What follows the function's name in the path. */
    public String path_info;
    /** Last value of each name. */
    public Map<String, String> query;
    public String query_string;
    public String content_type;
    public String accept;
    public String function;
    public String id;
    /** Unix time in milliseconds. */
    public long deadline;
    public boolean asynchronous;
    public String identity;
    /** The declared ones. */
    public Map<String, String> variables;
}
