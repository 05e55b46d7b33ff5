using System.Globalization;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Running;

/// <summary>A TCP port of the host's loopback that leads to one of the guest's.</summary>
/// <param name="Host">The host's port, 1 to 65535.</param>
/// <param name="Guest">The guest's port, 1 to 65535.</param>
public sealed record PortForward(int Host, int Guest)
{
    /// <summary>Reads <c>HOST:GUEST</c>, or one number for both.</summary>
    /// <exception cref="UserErrorException">It is neither; exit code 1.</exception>
    public static PortForward Parse(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length is 1 or 2 && TryPort(parts[0], out int host) && TryPort(parts[^1], out int guest)
            ? new(host, guest)
            : throw new UserErrorException($"port \"{text}\" is no HOST:GUEST", "give two numbers from 1 to 65535, for example 8443:443", ExitCode.Usage);
    }

    private static bool TryPort(string text, out int port) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
