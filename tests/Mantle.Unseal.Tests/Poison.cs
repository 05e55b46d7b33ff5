using System.Runtime.CompilerServices;

namespace Mantle.Unseal.Tests;

/// <summary>
/// An environment in which AWS's client fails or goes astray as soon as it looks: other credentials, another endpoint, proxies, modes that do not exist. Every test runs in
/// it, so each that ends well proves that nobody looked.
/// </summary>
internal static class Poison
{
#pragma warning disable CA2255 // before the SDK's static constructors is the point
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Spread()
    {
        string profile = Path.Combine(AppContext.BaseDirectory, "poisoned-profile");
        File.WriteAllText(profile, "[default]\nregion = nowhere\nendpoint_url = http://127.0.0.1:1\nretry_mode = bogus\nuse_fips_endpoint = true\nmax_attempts = none\naws_access_key_id = AKIAPOISON\naws_secret_access_key = poison\n");
        foreach ((string name, string value) in ((string, string)[])[
            ("AWS_ACCESS_KEY_ID", "AKIAPOISON"), ("AWS_SECRET_ACCESS_KEY", "poison"), ("AWS_SESSION_TOKEN", "poison"), ("AWS_CONFIG_FILE", profile), ("AWS_SHARED_CREDENTIALS_FILE", profile),
            ("AWS_REGION", "nowhere"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1"), ("AWS_RETRY_MODE", "bogus"), ("AWS_MAX_ATTEMPTS", "none"),
            ("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "true"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"),
            ("HTTP_PROXY", "http://127.0.0.1:1"), ("HTTPS_PROXY", "http://127.0.0.1:1"), ("ALL_PROXY", "http://127.0.0.1:1"), ("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/dev/null"),
        ])
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
