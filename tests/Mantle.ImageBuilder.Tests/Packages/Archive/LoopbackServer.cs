using System.Net;
using System.Net.Sockets;

namespace Mantle.ImageBuilder.Tests.Packages.Archive;

/// <summary>Serves the files of a folder over HTTP on the loopback address.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener = new();

    public LoopbackServer(string folder)
    {
        using (TcpListener probe = new(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        }

        _listener.Prefixes.Add(Address.AbsoluteUri);
        _listener.Start();
        _ = Task.Run(async () =>
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                string path = Path.Combine(folder, context.Request.Url!.AbsolutePath.TrimStart('/'));
                context.Response.StatusCode = File.Exists(path) ? (int)Status : (int)HttpStatusCode.NotFound;
                if (context.Response.StatusCode == 200)
                {
                    byte[] content = File.ReadAllBytes(path);
                    context.Response.ContentLength64 = content.Length;
                    context.Response.OutputStream.Write(content);
                }

                context.Response.Close();
            }
        });
    }

    public Uri Address { get; }

    public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

    public void Dispose() => _listener.Close();
}
