// SPDX-License-Identifier: Apache-2.0
// The servlet that tests/bench/run.sh measures in Tomcat; compiled by it.
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

public class Hello extends HttpServlet {
    private static final byte[] TEXT = "Hello, World!".getBytes(StandardCharsets.US_ASCII);

    @Override
    protected void doGet(HttpServletRequest req, HttpServletResponse res) throws IOException {
        res.setContentType("text/plain");
        res.setContentLength(TEXT.length);
        res.getOutputStream().write(TEXT);
    }
}
