using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mantle.Hostile;

// Whoever connects is told what was tried and what the kernel said, a line each, and then what was found on the way.
const int Port = 8443;
int attestor = Directory.GetDirectories("/proc")
    .Select(Path.GetFileName)
    .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
    .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
    .FirstOrDefault(process => Read($"/proc/{process}/comm").Trim() == "unseal");
StringBuilder report = new();
report.Append(CultureInfo.InvariantCulture, $"attestor {attestor}\n");
foreach ((string name, Func<nint> attempt) in Attempts.All(attestor))
{
    string verdict;
    try
    {
        nint result = attempt();
        verdict = result < 0 ? $"refused {-result}" : "SUCCEEDED";
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
    {
        verdict = $"refused {exception.GetType().Name}";
    }

    report.Append(CultureInfo.InvariantCulture, $"{name}: {verdict}\n");
}

foreach (string file in Directory.Exists("/run/secrets") ? Directory.GetFiles("/run/secrets") : [])
{
    report.Append(CultureInfo.InvariantCulture, $"secret {Path.GetFileName(file)}\n");
}

report.Append("end\n");
byte[] text = Encoding.UTF8.GetBytes(report.ToString());
using TcpListener listener = new(IPAddress.Any, Port);
listener.Start();
while (true)
{
    using TcpClient client = listener.AcceptTcpClient();
    client.GetStream().Write(text);
}

static string Read(string path)
{
    try
    {
        return File.ReadAllText(path);
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
    {
        return "";
    }
}
