// As they were published for host applications (contracts.md, A), word for word.

export interface WeChatBinding {
  id: number;
  user_id: number;
  wechat_openid: string;
  wechat_unionid?: string;
  nickname?: string;
  avatar_url?: string;
  is_active: boolean;
  created_at: string;
  updated_at: string;
}

export interface QRSession {
  session_id: string;
  qr_code_data: string;
  expires_at: string;
}

export interface QRStatus {
  session_id: string;
  user_id: number;
  qr_code_data: string;
  status: 'pending' | 'scanned' | 'confirmed' | 'expired';
  expires_at: string;
  created_at: string;
}

/** The body of `POST /api/wechat/bind`. */
export interface WeChatData {
  openid: string;
  unionid?: string;
  nickname?: string;
  headimgurl?: string;
}

export type UseWeChatQR = () => {
  qrSession: QRSession | null;
  qrStatus: QRStatus | null;
  loading: boolean;
  error: string | null;
  generateQR: () => Promise<QRSession>;
  checkQRStatus: (sessionId: string) => Promise<QRStatus>;
};

export type UseWeChatBinding = () => {
  binding: WeChatBinding | null;
  loading: boolean;
  error: string | null;
  getBinding: () => Promise<WeChatBinding>;
  bindWeChat: (data: WeChatData) => Promise<WeChatBinding>;
  unbindWeChat: () => Promise<boolean>;
};

export interface WeChatQRGeneratorProps {
  onQRGenerated?: (qrData: string) => void;
  onStatusChange?: (status: string) => void;
}

export interface WeChatStatusProps {
  onUnbind?: () => void;
}
