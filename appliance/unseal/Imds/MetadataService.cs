using System.Net;
using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Imds;

/// <summary>
/// The instance metadata service, version 2 (EC2 User Guide, "Use the Instance Metadata Service to access instance metadata"): a token for the session first, always.
/// There is no way back to version 1.
/// </summary>
/// <param name="address">http://169.254.169.254.</param>
/// <param name="timeout">How long one request may take.</param>
/// <param name="delay">Waits between two tries.</param>
internal sealed class MetadataService(Uri address, TimeSpan timeout, Func<TimeSpan, CancellationToken, Task> delay)
{
    /// <summary>Where EC2 has it.</summary>
    public static readonly Uri Address = new("http://169.254.169.254");

    private const int Tries = 4;
    private const int MaximumAnswer = 16_384;
    private const string Format = "instance metadata";
    private const string Folder = "/latest/meta-data/iam/security-credentials/";

    /// <summary>The credentials of the instance's role.</summary>
    /// <exception cref="UnsealException">There are none.</exception>
    public async Task<RoleCredentials> ReadCredentialsAsync()
    {
        using SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = timeout };
        using HttpClient client = new(handler) { BaseAddress = address, Timeout = timeout, MaxResponseContentBufferSize = MaximumAnswer };
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                string token = await AskAsync(client, HttpMethod.Put, "/latest/api/token", null).ConfigureAwait(false);
                string role = ReadRole(await AskAsync(client, HttpMethod.Get, Folder, token).ConfigureAwait(false));
                return ReadCredentials(Encoding.UTF8.GetBytes(await AskAsync(client, HttpMethod.Get, Folder + role, token).ConfigureAwait(false)));
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                // 404 is said at once by a service that works; everything else may be the first second of an instance.
                HttpStatusCode? status = (e as HttpRequestException)?.StatusCode;
                if (status == HttpStatusCode.NotFound || attempt == Tries - 1)
                {
                    throw new UnsealException(status switch { HttpStatusCode.NotFound => Stage.MetadataRole, >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError => Stage.Metadata, _ => Stage.MetadataUnreachable }, e);
                }
            }
            catch (MalformedInputException e)
            {
                throw new UnsealException(Stage.Metadata, e);
            }

            await delay(TimeSpan.FromMilliseconds(250 << attempt), CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>The name of the role: one line of the letters that IAM allows.</summary>
    /// <exception cref="MalformedInputException">It is something else.</exception>
    public static string ReadRole(string answer)
    {
        string name = answer.TrimEnd('\n');
        return name.Length is >= 1 and <= 64 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "_+=,.@-".Contains(letter, StringComparison.Ordinal))
            && name is not ("." or "..")
            ? name
            : throw new MalformedInputException(Format, 0, "no name of a role");
    }

    /// <summary>The credentials in an answer.</summary>
    /// <exception cref="MalformedInputException">It holds none.</exception>
    /// <exception cref="UnsealException">It says that there are none.</exception>
    public static RoleCredentials ReadCredentials(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new MalformedInputException(Format, 0, "no object");
            }

            // EC2 says "Failed" or "InvalidUserData" or the like when the role cannot be assumed.
            return root.TryGetProperty("Code", out JsonElement code) && code.ValueKind == JsonValueKind.String && code.GetString() != "Success"
                ? throw new UnsealException(Stage.MetadataRole)
                : new(Member(root, "AccessKeyId"), Member(root, "SecretAccessKey"), Member(root, "Token"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new MalformedInputException(Format, 0, "no JSON of credentials");
        }
    }

    private static string Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            && text.All(letter => letter is > ' ' and < '\x7f')
            ? text
            : throw new MalformedInputException(Format, 0, $"no {name}");

    private static async Task<string> AskAsync(HttpClient client, HttpMethod method, string path, string? token)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative));
        request.Headers.Add(token is null ? "X-aws-ec2-metadata-token-ttl-seconds" : "X-aws-ec2-metadata-token", token ?? "60");
        using HttpResponseMessage response = await client.SendAsync(request).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        string answer = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        return token is not null ? answer
            : answer.Length is > 0 and <= 1024 && answer.All(letter => letter is > ' ' and < '\x7f') ? answer
            : throw new MalformedInputException(Format, 0, "no token");
    }
}
