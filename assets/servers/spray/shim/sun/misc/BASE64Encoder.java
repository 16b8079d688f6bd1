package sun.misc;

import java.util.Base64;

/** The one class of the old JDK that spray-websocket calls, for its handshake; Java 9 removed it. */
public class BASE64Encoder {
    public String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
