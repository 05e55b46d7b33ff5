using System.Globalization;

namespace Mantle.Measure.Connection;

/// <summary>Where an appliance answers.</summary>
/// <param name="Host">A name or an address, an IPv6 address without brackets.</param>
/// <param name="Port">The TCP port.</param>
public sealed record ServerAddress(string Host, int Port)
{
    private const int DefaultPort = 443;

    /// <summary>As the header Host has it.</summary>
    public string Authority => $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Reads <c>https://HOST[:PORT]</c>.</summary>
    /// <exception cref="UserErrorException">It is something else: another scheme, a path, a user.</exception>
    public static ServerAddress Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri is { Scheme: "https", AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "", Port: > 0 and <= 65535 }
            && uri.IdnHost.TrimStart('[').TrimEnd(']') is { Length: > 0 } host && host.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or ':')
            ? new(host, uri.IsDefaultPort ? DefaultPort : uri.Port)
            : throw new UserErrorException($"\"{text}\" is not https://HOST[:PORT]", "for example https://192.0.2.7:8443", ExitCode.Usage);
}
