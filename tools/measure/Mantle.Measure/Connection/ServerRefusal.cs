namespace Mantle.Measure.Connection;

/// <summary>Answers by which a server says no.</summary>
internal static class ServerRefusal
{
    /// <summary>Returns if the status is 200.</summary>
    /// <exception cref="UserErrorException">The server answers with another.</exception>
    public static void Check(ServerAddress address, HttpHead head, string what)
    {
        if (head.Status == 200)
        {
            return;
        }

        throw head.Status switch
        {
            >= 300 and < 400 => new UserErrorException($"{address.Authority} sends elsewhere for its {what} (status {head.Status})", "an appliance answers for itself; nothing is followed"),
            404 or 405 => new UserErrorException($"{address.Authority} knows no {what} (status {head.Status})", "is it an appliance with this service?", ExitCode.Remote),
            429 => new UserErrorException($"{address.Authority} is asked for its {what} too often (status 429)", "try again in a moment", ExitCode.Remote),
            503 => new UserErrorException($"{address.Authority} has no {what} now (status 503)", "the appliance runs without one, or its TPM is busy", ExitCode.Remote),
            _ => new UserErrorException($"{address.Authority} refuses its {what} (status {head.Status})", exitCode: ExitCode.Remote),
        };
    }
}
